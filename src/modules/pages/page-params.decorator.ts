import { createParamDecorator, type ExecutionContext, Param, type PipeTransform } from '@nestjs/common';
import { ApiHeader, ApiParam } from '@nestjs/swagger';
import { AppError } from '../../platform/errors/index.js';
import type { KaiwaRequest } from '../../platform/http/index.js';

const readIfMatch = createParamDecorator((_data: unknown, context: ExecutionContext): string | undefined => {
  return context.switchToHttp().getRequest<KaiwaRequest>().headers['if-match'];
});

/** The header `If-Match`, as it came. */
export function IfMatch(): ParameterDecorator {
  return described(
    readIfMatch(),
    ApiHeader({
      name: 'If-Match',
      description: 'The `ETag` of the page as it was read: refused with 412 where the page has changed since',
      required: false,
      schema: { type: 'string', example: '"3"' },
    }),
  );
}

const VERSION: PipeTransform<string, number> = {
  transform: (value) => {
    // What is no number, or more than one can be, is as absent.
    if (!/^[1-9]\d{0,8}$/.test(value)) throw new AppError('VERSION_NOT_FOUND');
    return Number(value);
  },
};

/** The number of a version in the path. */
export function VersionParam(): ParameterDecorator {
  return described(
    Param('version', VERSION),
    ApiParam({ name: 'version', description: 'The number of a version', schema: { type: 'integer', minimum: 1, example: 1 } }),
  );
}

function described(param: ParameterDecorator, words: MethodDecorator): ParameterDecorator {
  return (target, key, index) => {
    param(target, key, index);
    const descriptor = key === undefined ? undefined : Object.getOwnPropertyDescriptor(target, key);
    if (key !== undefined && descriptor) words(target, key, descriptor);
  };
}
