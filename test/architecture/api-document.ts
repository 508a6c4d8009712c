import type { AccessRule } from '../../src/platform/http/index.js';

export type Json = Record<string, unknown>;

export interface Media extends Json {
  schema?: Json;
  example?: unknown;
  examples?: Record<string, Json>;
}

export interface Parameter extends Json {
  name: string;
  in: 'path' | 'query' | 'header' | 'cookie';
  required?: boolean;
  schema: Json;
}

export interface Response extends Json {
  description: string;
  headers?: Record<string, Json>;
  content?: Record<string, Media>;
}

/** One operation with its references resolved. */
export interface Operation {
  id: string;
  method: string;
  path: string;
  tags: string[];
  summary: string;
  description?: string;
  security: Json[] | undefined;
  access: AccessRule;
  /** Its body is taken as bytes, whatever it says it is: what a signature is computed over. */
  is_raw: boolean;
  parameters: Parameter[];
  body: Record<string, Media> | null;
  responses: Record<string, Response>;
}

/** An OpenAPI document, as far as the sweeps read it. */
export interface ApiDocument extends Json {
  openapi: string;
  info: Json;
  servers: Array<{ url: string; description?: string }>;
  tags: Array<{ name: string; description: string }>;
  paths: Record<string, Record<string, Json>>;
  components: Record<string, Record<string, Json>>;
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete', 'head', 'options', 'trace'];

/** Every operation of a document. */
export function operationsOf(document: ApiDocument): Operation[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([method]) => METHODS.includes(method))
      .map(([method, operation]) => ({
        id: operation['operationId'] as string,
        method: method.toUpperCase(),
        path,
        tags: (operation['tags'] ?? []) as string[],
        summary: (operation['summary'] ?? '') as string,
        description: operation['description'] as string | undefined,
        security: operation['security'] as Json[] | undefined,
        access: operation['x-access'] as AccessRule,
        is_raw: operation['x-raw-body'] === true,
        parameters: ((operation['parameters'] ?? []) as Json[]).map((parameter) => resolve<Parameter>(document, parameter)),
        body: (operation['requestBody'] as { content?: Record<string, Media> } | undefined)?.content ?? null,
        responses: Object.fromEntries(
          Object.entries(operation['responses'] as Record<string, Json>).map(([status, one]) => [status, responseOf(document, one)]),
        ),
      })),
  );
}

/** What a reference leads to, or the thing itself. */
export function resolve<T extends Json>(document: Json, thing: Json): T {
  const ref = thing['$ref'];
  if (typeof ref !== 'string') return thing as T;
  const found = ref
    .replace(/^#\//, '')
    .split('/')
    .reduce<unknown>((at, step) => (at as Json | undefined)?.[step.replaceAll('~1', '/').replaceAll('~0', '~')], document);
  if (found === undefined) throw new Error(`${ref} leads nowhere`);
  return resolve(document, found as Json);
}

function responseOf(document: ApiDocument, given: Json): Response {
  const response = resolve<Response>(document, given);
  const headers = Object.entries(response.headers ?? {}).map(([name, header]) => [name, resolve(document, header)] as const);
  return { ...response, headers: Object.fromEntries(headers) };
}

/** The examples of a body, by name, with their references resolved. */
export function examplesOf(document: ApiDocument, media: Media): Record<string, unknown> {
  const named = Object.entries(media.examples ?? {}).map(([name, example]) => [name, resolve(document, example)['value']] as const);
  return { ...Object.fromEntries(named), ...(media.example === undefined ? {} : { example: media.example }) };
}

/** The codes of errors that an operation says it answers with a status. */
export function codesOf({ responses }: Operation, status: number): string[] {
  const media = responses[String(status)]?.content?.['application/json'];
  if (!String(media?.schema?.['$ref']).endsWith('/ErrorBodyView')) return [];
  return Object.keys(media?.examples ?? {});
}

/** The least body that an operation takes, or undefined where it takes none. */
export function leastBody(document: ApiDocument, { body }: Operation): Json | undefined {
  const media = body?.['application/json'];
  return media ? (Object.values(examplesOf(document, media))[0] as Json) : undefined;
}

/** The properties of an operation's body: JSON, else a form. */
export function bodyProperties(document: ApiDocument, { body }: Operation): Record<string, Json> {
  const schema = (body?.['application/json'] ?? body?.['multipart/form-data'])?.schema;
  if (!schema) return {};
  const whole = resolve(document, schema);
  // A list's are those of its elements.
  const one = whole['type'] === 'array' ? resolve(document, whole['items'] as Json) : whole;
  return (one['properties'] ?? {}) as Record<string, Json>;
}
