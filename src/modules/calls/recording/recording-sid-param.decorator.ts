import { Param } from '@nestjs/common';
import { ApiParam } from '@nestjs/swagger';

/** The `sid` of a recording in the path. */
export function RecordingSidParam(): ParameterDecorator {
  return (target, key, index) => {
    Param('sid')(target, key, index);
    const descriptor = key === undefined ? undefined : Object.getOwnPropertyDescriptor(target, key);
    if (key === undefined || !descriptor) return;
    ApiParam({
      name: 'sid',
      description: 'The recording',
      schema: { type: 'string', maxLength: 64, example: 'RE0123456789abcdef0123456789abcdef' },
    })(target, key, descriptor);
  };
}
