import { Param, type PipeTransform } from '@nestjs/common';
import { ApiParam } from '@nestjs/swagger';
import { AppError } from '../../platform/errors/index.js';

const toSeq: PipeTransform<string, number> = {
  transform: (value) => {
    const seq = /^[1-9]\d{0,15}$/.test(value) ? Number(value) : NaN;
    if (!Number.isSafeInteger(seq)) throw new AppError('MESSAGE_NOT_FOUND');
    return seq;
  },
};

/** A message's place in the path; what cannot be one is as absent (404). */
export function SeqParam(): ParameterDecorator {
  return (target, key, index) => {
    Param('seq', toSeq)(target, key, index);
    const descriptor = key === undefined ? undefined : Object.getOwnPropertyDescriptor(target, key);
    if (key !== undefined && descriptor) {
      ApiParam({ name: 'seq', description: "The message's place", schema: { type: 'integer', minimum: 1, example: 42 } })(
        target,
        key,
        descriptor,
      );
    }
  };
}
