import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ERROR_TABLE } from '../../src/platform/errors/index.js';
import { startServer, type TestServer } from '../support/server.js';
import {
  type ApiDocument,
  bodyProperties,
  codesOf,
  examplesOf,
  type Json,
  type Media,
  type Operation,
  operationsOf,
  resolve,
} from './api-document.js';
import { SchemaChecker } from './json-schema.js';

/* /openapi.json says all that a caller needs of every operation, and says it validly. */

const METHODS_WITHOUT_BODY = ['GET', 'HEAD', 'OPTIONS', 'DELETE'];
const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

let server: TestServer;
let document: ApiDocument;
let operations: Operation[];
let checker: SchemaChecker;

beforeAll(async () => {
  server = await startServer();
  document = (await server.api<ApiDocument>('/openapi.json')).body;
  operations = operationsOf(document);
  checker = new SchemaChecker(document.components.schemas as Record<string, Json>);
}, 30_000);

afterAll(async () => {
  await server.stop();
});

/** The names of those that `is_wrong`, which should be none. */
function wrongOnes(is_wrong: (operation: Operation) => boolean | string): string[] {
  return operations.flatMap((operation) => {
    const fault = is_wrong(operation);
    return fault === false || fault === '' ? [] : [`${operation.id}${typeof fault === 'string' ? `: ${fault}` : ''}`];
  });
}

describe('the document', () => {
  it('is OpenAPI 3.1 with both prefixes as servers', () => {
    expect(document.openapi).toMatch(/^3\.1\.\d+$/);
    expect(document.info).toMatchObject({
      title: expect.any(String),
      version: expect.any(String),
      description: expect.stringContaining('Two prefixes'),
    });
    expect(document.servers.map(({ url }) => url)).toEqual(['/', '/api']);
    expect(Object.keys(document).sort()).toEqual(['components', 'info', 'openapi', 'paths', 'servers', 'tags']);
  });

  it('refers to nothing that is not there, and has nothing that is not referred to', () => {
    const refs = new Set<string>();
    walk(document, (thing) => {
      if (typeof thing['$ref'] !== 'string') return;
      resolve(document, thing);
      refs.add(thing['$ref']);
    });
    const orphans = ['schemas', 'parameters', 'headers', 'examples', 'responses'].flatMap((kind) =>
      Object.keys(document.components[kind] ?? {})
        .map((name) => `#/components/${kind}/${name}`)
        .filter((ref) => !refs.has(ref)),
    );
    expect(orphans).toEqual([]);
  });

  it('names components as the specification allows', () => {
    const names = Object.values(document.components).flatMap((kind) => Object.keys(kind));
    expect(names.filter((name) => !/^[a-zA-Z0-9._-]+$/.test(name))).toEqual([]);
  });

  it('lists every error of the table, and answers none that is not in it', () => {
    const description = String(document.info['description']);
    expect(
      Object.entries(ERROR_TABLE).filter(
        ([code, { status, message }]) => !description.includes(`| ${status} | \`${code}\` | ${message} |`),
      ),
    ).toEqual([]);
    const statuses = Object.fromEntries(Object.entries(ERROR_TABLE).map(([code, { status }]) => [code, status]));
    const wrong = operations.flatMap((operation) =>
      Object.keys(operation.responses).flatMap((status) =>
        codesOf(operation, Number(status)).filter((code) => statuses[code] !== Number(status)),
      ),
    );
    expect(wrong).toEqual([]);
  });
});

describe('every operation', () => {
  it('has an operationId of its own', () => {
    const ids = operations.map(({ id }) => id);
    expect(ids.filter((id, index) => !/^[a-z][A-Za-z0-9]*$/.test(id) || ids.indexOf(id) !== index)).toEqual([]);
  });

  it('has one tag, which is described; and every tag has operations', () => {
    const tags = document.tags.map(({ name }) => name);
    expect(wrongOnes(({ tags: own }) => own.length !== 1 || !tags.includes(own[0] ?? ''))).toEqual([]);
    expect(document.tags.filter(({ name, description }) => !description || !operations.some((one) => one.tags.includes(name)))).toEqual([]);
  });

  it('has a summary of one line, and descriptions that are sentences', () => {
    expect(wrongOnes(({ summary }) => !/^[A-Z][^\n]{5,88}[^.\s]$/.test(summary) && summary)).toEqual([]);
    expect(wrongOnes(({ description }) => description !== undefined && !/^[A-Z`][\s\S]*[.!?]$/.test(description) && description)).toEqual(
      [],
    );
  });

  it('says by what to sign in, of schemes that are declared', () => {
    const schemes = Object.keys(document.components.securitySchemes ?? {});
    const byKind = { public: [], role: ['cookie', 'bearer', 'operator'], operator: ['operator'] };
    const wrong = wrongOnes(({ security, access, id }) => {
      if (!security || security.some((one) => Object.keys(one).some((name) => !schemes.includes(name)))) return true;
      const named = security.flatMap((one) => Object.keys(one));
      if (id === 'readMetrics') return named.join() !== 'metrics';
      const needed = [...byKind[access.kind], ...(access.kind === 'role' && access.scope ? ['api_key'] : [])];
      return named.sort().join() !== needed.sort().join();
    });
    expect(wrong).toEqual([]);
  });

  it('describes its parameters, with an example that its schema takes', () => {
    const wrong = wrongOnes(({ path, parameters }) => {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const described = parameters.filter(({ in: place }) => place === 'path');
      if (described.map(({ name }) => name).join() !== inPath.join() || !described.every(({ required }) => required === true))
        return 'path parameters';
      const names = parameters.map(({ name, in: place }) => `${place} ${name.toLowerCase()}`);
      if (new Set(names).size !== names.length) return 'a parameter twice';
      const bad = parameters.filter(({ description, schema, example, in: place }) => {
        const examples = example === undefined ? ((schema['examples'] ?? []) as unknown[]) : [example];
        if (!description || !['path', 'query', 'header', 'cookie'].includes(place) || examples.length === 0) return true;
        return examples.some((one) => checker.fault(schema, one) !== null);
      });
      return bad.map(({ name }) => name).join();
    });
    expect(wrong).toEqual([]);
  });

  it('takes a body where its method has one, with examples', () => {
    expect(wrongOnes(({ method, body }) => METHODS_WITHOUT_BODY.includes(method) && body !== null)).toEqual([]);
    expect(wrongOnes(({ body }) => body !== null && mediaFaults(body))).toEqual([]);
  });

  it('answers a success with a schema and an example, or with nothing by 204 and to HEAD', () => {
    const wrong = wrongOnes(({ responses, method }) => {
      const good = Object.entries(responses).filter(([status]) => status.startsWith('2'));
      if (good.length === 0) return 'no success';
      return good
        .flatMap(([status, { content, description }]) => {
          if (!description) return [`${status} has no description`];
          if (status === '204' || method === 'HEAD') return content ? [`${status} has a body`] : [];
          return content ? [mediaFaults(content)] : [`${status} has no body`];
        })
        .join('');
    });
    expect(wrong).toEqual([]);
  });

  it('says every error that its kind can answer', () => {
    const wrong = wrongOnes((operation) => {
      const { access, method, body, is_raw, path, parameters, responses } = operation;
      const takes_key = parameters.some(({ name }) => name === 'Idempotency-Key');
      const needed: Array<[boolean, number, string]> = [
        [true, 400, 'INVALID_HOST'],
        [true, 500, 'INTERNAL_ERROR'],
        [true, 503, ''],
        [access.kind !== 'public', 401, 'UNAUTHORIZED'],
        [access.kind !== 'public', 403, 'FORBIDDEN'],
        [access.kind === 'role', 403, 'CLIENT_MISMATCH'],
        [access.kind === 'role', 404, 'UNKNOWN_CLIENT'],
        [access.kind === 'role' || body !== null, 400, 'VALIDATION_FAILED'],
        [access.kind !== 'public' && !SAFE_METHODS.includes(method), 403, 'ORIGIN_NOT_ALLOWED'],
        [!SAFE_METHODS.includes(method), 409, 'CONFLICT'],
        [path.includes('{'), 400, 'INVALID_PATH'],
        [path.includes('{'), 404, ''],
        [parameters.some(({ name }) => name === 'cursor'), 400, 'INVALID_CURSOR'],
        [body !== null, 413, 'PAYLOAD_TOO_LARGE'],
        [body?.['application/json'] !== undefined && !is_raw, 400, 'MALFORMED_JSON'],
        [body?.['application/json'] !== undefined && !is_raw, 415, 'UNSUPPORTED_MEDIA_TYPE'],
        [takes_key, 422, 'IDEMPOTENCY_KEY_REUSED'],
        [takes_key, 409, 'IDEMPOTENCY_IN_PROGRESS'],
        ['RateLimit' in (responses['200']?.headers ?? {}), 429, 'RATE_LIMITED'],
      ];
      const missing = needed.filter(([is_needed, status, code]) => {
        if (!is_needed) return false;
        return !responses[String(status)] || (code !== '' && !codesOf(operation, status).includes(code));
      });
      return missing.map(([, status, code]) => `${status} ${code}`).join();
    });
    expect(wrong).toEqual([]);
  });

  it('answers errors in the one shape, each with an example of its code', () => {
    const wrong = wrongOnes(({ responses, id }) =>
      Object.entries(responses)
        .filter(([status]) => Number(status) >= 400 && !(id === 'checkReady' && status === '503'))
        .flatMap(([status, { content, description }]) => {
          const media = content?.['application/json'];
          if (!description || media?.schema?.['$ref'] !== '#/components/schemas/ErrorBodyView') return [`${status} has another shape`];
          const examples = Object.entries(examplesOf(document, media));
          if (examples.length === 0) return [`${status} has no code`];
          return examples.flatMap(([code, body]) => {
            const { statusCode, code: said } = body as { statusCode: number; code: string };
            return statusCode === Number(status) && said === code ? [] : [`${status} ${code} says ${statusCode} ${said}`];
          });
        })
        .join(),
    );
    expect(wrong).toEqual([]);
    expect(
      wrongOnes(({ responses }) =>
        mediaFaults(Object.fromEntries(Object.entries(responses).flatMap(([, one]) => Object.entries(one.content ?? {})))),
      ),
    ).toEqual([]);
  });

  it('says the headers of its answers', () => {
    const wrong = wrongOnes(({ responses, parameters }) => {
      const has = (status: string, name: string): boolean => name in (responses[status]?.headers ?? {});
      const statuses = Object.keys(responses);
      const faults = statuses.filter((status) => !has(status, 'X-Request-Id')).map((status) => `${status} X-Request-Id`);
      if (responses['401'] && !has('401', 'WWW-Authenticate')) faults.push('WWW-Authenticate');
      for (const status of ['429', '503']) if (responses[status] && !has(status, 'Retry-After')) faults.push(`${status} Retry-After`);
      if (parameters.some(({ name }) => name === 'cursor') && !has('200', 'Link')) faults.push('Link');
      if (!parameters.some(({ name }) => name === 'x-request-id')) faults.push('x-request-id');
      return faults.join();
    });
    expect(wrong).toEqual([]);
  });

  it('knows its tenant by a header that is described', () => {
    const wrong = wrongOnes(({ access, parameters }) => {
      const named = parameters.some(({ name, in: place }) => place === 'header' && name === 'x-client-id');
      // Whose a signed request is, its URL and its number say.
      return named !== (access.kind === 'role' || (access.kind === 'public' && !['none', 'signature'].includes(access.tenant)));
    });
    expect(wrong).toEqual([]);
  });

  it('refuses by what its name in the path says, where it takes one', () => {
    const wrong = wrongOnes(
      (operation) => operation.path.includes('{') && codesOf(operation, 404).every((code) => code === 'UNKNOWN_CLIENT'),
    );
    // A tenant is what the operator's routes name.
    expect(wrong).toEqual([]);
  });
});

describe('every schema', () => {
  it('is JSON Schema 2020-12, and takes its own examples', () => {
    const schemas = document.components.schemas as Record<string, Json>;
    expect(checker.compileAll().length).toBeGreaterThan(20);
    const wrong = Object.entries(schemas).flatMap(([name, schema]) => {
      const examples = (schema['examples'] ?? []) as unknown[];
      if (examples.length === 0) return [`${name} has no example`];
      return examples.flatMap((example) => checker.fault(schema, example) ?? []).map((fault) => `${name}: ${fault}`);
    });
    expect(wrong).toEqual([]);
  });

  it('describes every property, with an example that it takes', () => {
    const wrong = Object.entries(document.components.schemas as Record<string, Json>).flatMap(([name, schema]) =>
      Object.entries((schema['properties'] ?? {}) as Record<string, Json>).flatMap(([property, inner]) =>
        propertyFault(inner).map((fault) => `${name}.${property} ${fault}`),
      ),
    );
    expect(wrong).toEqual([]);
  });

  it('has the words of JSON Schema alone: no nullable, no number where integers are meant, snake_case names', () => {
    const wrong: string[] = [];
    for (const [name, schema] of Object.entries(document.components.schemas as Record<string, Json>)) {
      walk(schema, (inner) => {
        if ('nullable' in inner && typeof inner['nullable'] === 'boolean') wrong.push(`${name} nullable`);
        if ([inner['type']].flat().includes('number') && inner['multipleOf'] === undefined) wrong.push(`${name} number`);
      });
      for (const property of Object.keys(schema['properties'] ?? {})) {
        if (!/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(property) && !['statusCode', 'usernameOrEmail'].includes(property))
          wrong.push(`${name}.${property}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('that a body has refuses what it does not know: no property is taken silently', () => {
    expect(
      operations
        .filter((operation) => operation.body !== null && !isBytes(operation.body))
        .filter((operation) => Object.keys(bodyProperties(document, operation)).length === 0)
        .map(({ id }) => id),
    ).toEqual([]);
  });
});

/** A body that is bytes and has no properties. */
function isBytes(body: Record<string, Media>): boolean {
  return Object.values(body).every(({ schema }) => schema?.['format'] === 'binary');
}

function propertyFault(schema: Json): string[] {
  if (!schema['description'] && !schema['$ref']) return ['has no description'];
  const inner =
    ['$ref', 'allOf', 'anyOf', 'oneOf', 'const', 'additionalProperties'].some((word) => word in schema) || refersTo(schema['items']);
  const examples = schema['examples'] as unknown[] | undefined;
  const may_be_null = [schema['type']].flat().includes('null');
  if (!examples && !inner && !may_be_null) return ['has no example'];
  return (examples ?? []).flatMap((example) => checker.fault(schema, example) ?? []);
}

function refersTo(items: unknown): boolean {
  return typeof items === 'object' && items !== null && '$ref' in items;
}

/** What is wrong with a body's schema and examples, or an empty text. */
function mediaFaults(content: Record<string, Media>): string {
  return Object.entries(content)
    .flatMap(([type, media]) => {
      const { schema } = media;
      if (!schema) return [`${type} has no schema`];
      const examples = Object.entries(examplesOf(document, media));
      if (examples.length === 0) return [`${type} has no example`];
      return examples.flatMap(([name, example]) => {
        const fault = checker.fault(schema, example);
        return fault === null ? [] : [`${type} ${name}: ${fault}`];
      });
    })
    .join('; ');
}

function walk(thing: unknown, look: (object: Json) => void): void {
  if (Array.isArray(thing)) thing.forEach((one) => walk(one, look));
  else if (typeof thing === 'object' && thing !== null) {
    look(thing as Json);
    Object.values(thing).forEach((one) => walk(one, look));
  }
}
