import { createParamDecorator, Param, type PipeTransform } from '@nestjs/common';
import { ApiParam, type ApiParamOptions } from '@nestjs/swagger';
import { AppError, ERROR_TABLE, type ErrorCode } from '../../errors/index.js';
import { type Actor, Scope, type UserActor } from '../../scope/index.js';
import { composed } from '../../text/index.js';
import { CLIENT_NAME, hasLength, isStorable, UUID } from '../validation/text-rules.js';

/** Who acts, or null on a public route. */
export const CurrentActor = createParamDecorator((): Actor | null => Scope.get().actor);

/** The signed-in person; API keys and the operator are refused with FORBIDDEN. */
export const CurrentUser = createParamDecorator((): UserActor => {
  const { actor } = Scope.get();
  if (actor?.kind !== 'user') throw new AppError(actor === null ? 'UNAUTHORIZED' : 'FORBIDDEN');
  return actor;
});

/** An id in the path. One that is no UUID is as absent: it answers `absent`, a 404 (contract, section 0). */
export function IdParam(name: string, absent: ErrorCode, description = whose(absent)): ParameterDecorator {
  const pipe: PipeTransform<string, string> = {
    transform: (value) => {
      if (!UUID.test(value)) throw new AppError(absent);
      return value.toLowerCase();
    },
  };
  return documented(Param(name, pipe), {
    name,
    description,
    schema: { type: 'string', format: 'uuid', example: '0199a6f0-5d5c-7c3a-9b1e-0f4d7c2a9e10' },
  });
}

/** A `client_id` or a room's id in the path. What cannot be one is as absent: it answers `absent`, a 404. */
export function NameParam(name: string, absent: ErrorCode, description = whose(absent), example = 'lobby'): ParameterDecorator {
  const pipe: PipeTransform<string, string> = {
    transform: (value) => {
      if (!CLIENT_NAME.test(value)) throw new AppError(absent);
      return value;
    },
  };
  return documented(Param(name, pipe), {
    name,
    description,
    schema: { type: 'string', pattern: CLIENT_NAME.source, maxLength: 64, example },
  });
}

export interface TextParamOptions {
  /** Characters at most; a longer text is as absent. */
  max: number;
  /** A character that is written in several parts counts as one, as in a body's; the text comes as it was written. */
  compose?: boolean;
  description: string;
  example: string;
}

/** A name of any characters in the path, percent-encoded (`.` and `..` alone never come this far). What cannot be one answers `absent`, a 404. */
export function TextParam(name: string, absent: ErrorCode, options: TextParamOptions): ParameterDecorator {
  const { max, compose = false, description, example } = options;
  const pipe: PipeTransform<string, string> = {
    transform: (value) => {
      if (!hasLength(compose ? composed(value) : value, 1, max) || !isStorable(value)) throw new AppError(absent);
      return value;
    },
  };
  return documented(Param(name, pipe), { name, description, schema: { type: 'string', minLength: 1, maxLength: max, example } });
}

/** A counting number in the path, from 1 on. What is none answers `absent`, a 404. */
export function CountParam(name: string, absent: ErrorCode, description: string, example = 1): ParameterDecorator {
  const pipe: PipeTransform<string, number> = {
    transform: (value) => {
      const count = /^[1-9]\d{0,8}$/.test(value) ? Number(value) : NaN;
      if (Number.isNaN(count)) throw new AppError(absent);
      return count;
    },
  };
  return documented(Param(name, pipe), { name, description, schema: { type: 'integer', minimum: 1, example } });
}

/** `ROOM_NOT_FOUND`, "Room not found": "The id of a room". */
function whose(absent: ErrorCode): string {
  const noun = ERROR_TABLE[absent].message.replace(/ not found$/, '');
  return `The id of ${/^[AEIOU]/.test(noun) ? 'an' : 'a'} ${/^[A-Z]{2}/.test(noun) ? noun : noun.toLowerCase()}`;
}

function documented(param: ParameterDecorator, options: ApiParamOptions): ParameterDecorator {
  return (target, key, index) => {
    param(target, key, index);
    const descriptor = key === undefined ? undefined : Object.getOwnPropertyDescriptor(target, key);
    if (key !== undefined && descriptor) ApiParam(options)(target, key, descriptor);
  };
}
