import 'reflect-metadata';
import { HttpCode, type Type } from '@nestjs/common';
import { ApiExtraModels, ApiResponse, type ApiResponseOptions, getSchemaPath } from '@nestjs/swagger';
import type { ErrorCode } from '../../errors/index.js';
import { ErrorBodyView } from '../error-body.view.js';
import { ANSWERS, API_RESPONSE, documentErrors } from './error-responses.js';

type SchemaObject = Record<string, unknown>;

export interface AnswersOptions {
  description?: string;
  /** The errors that this operation has of its own, besides those that every route has. */
  refuses?: readonly ErrorCode[];
  /** Response headers, by name: what each says. */
  headers?: Record<string, string>;
  /** An example of the body. */
  example?: unknown;
  /** The body's media type; JSON where none is given. */
  content_type?: string;
  /** The same in another media type, for whoever asks for that; together with a class or a schema. */
  or?: { content_type: string; schema: SchemaObject; example: unknown };
}

/**
 * What an operation answers: sets the status, and documents the body and every error status with its codes. `type` is a class, `[Class]`
 * for a list, a schema, or undefined where there is no body. Given more than once, the first one in the
 * source sets the status.
 */
export function Answers(status: number, type?: Type | readonly [Type] | SchemaObject, options: AnswersOptions = {}): MethodDecorator {
  const { description = '', refuses = [], headers, example, content_type = 'application/json' } = options;
  return (target, key, descriptor) => {
    const handler = descriptor.value as object;
    const known = Reflect.getOwnMetadata(ANSWERS, handler) as readonly ErrorCode[] | undefined;
    if (known === undefined) forgetGuesses(handler);
    Reflect.defineMetadata(ANSWERS, [...new Set([...(known ?? []), ...refuses])], handler);
    HttpCode(status)(target, key, descriptor);
    ApiExtraModels(ErrorBodyView)(target, key, descriptor);
    if (options.or && typeof type === 'function') ApiExtraModels(type)(target, key, descriptor);
    ApiResponse({
      status,
      description,
      ...(options.or && type !== undefined && !Array.isArray(type)
        ? eitherOf(type as Type | SchemaObject, example, options.or)
        : bodyOf(type, content_type, example)),
      ...(headers ? { headers: headerDocs(headers) } : {}),
    } as ApiResponseOptions)(target, key, descriptor);
    documentErrors(target, key, descriptor);
  };
}

/** Nest's compiler plugin has written a success by the method and its type, under a status that may be another one. */
function forgetGuesses(handler: object): void {
  const guessed = (Reflect.getMetadata(API_RESPONSE, handler) ?? {}) as Record<string, object>;
  Reflect.defineMetadata(API_RESPONSE, Object.fromEntries(Object.entries(guessed).filter(([status]) => !status.startsWith('2'))), handler);
}

function bodyOf(type: Type | readonly [Type] | SchemaObject | undefined, content_type: string, example: unknown): object {
  if (type === undefined) return {};
  if (Array.isArray(type) || typeof type === 'function') return { type, ...(example === undefined ? {} : { example }) };
  return { content: { [content_type]: { schema: type, ...(example === undefined ? {} : { example }) } } };
}

function eitherOf(type: Type | SchemaObject, example: unknown, or: NonNullable<AnswersOptions['or']>): object {
  const schema = typeof type === 'function' ? { $ref: getSchemaPath(type) } : type;
  const json = { schema, ...(example === undefined ? {} : { example }) };
  return { content: { 'application/json': json, [or.content_type]: { schema: or.schema, example: or.example } } };
}

function headerDocs(headers: Record<string, string>): object {
  return Object.fromEntries(Object.entries(headers).map(([name, description]) => [name, { description, schema: { type: 'string' } }]));
}
