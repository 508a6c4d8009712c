import type { INestApplication, Type } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { ERROR_TABLE } from '../platform/errors/index.js';
import { exampleOf } from './examples.js';

type Json = Record<string, unknown>;

const DESCRIPTION = `One API for a company's conversations: rooms, an AI on the phone, pages, calls and matching; each company is a tenant.

**Two prefixes.** Every path is served at \`/\` and, unchanged, at \`/api\`.

**Credentials**, any one: the cookie \`token\` that \`POST /login\` sets; \`Authorization: Bearer\` with a token of \`POST /auth/v1/login\` or an ID
token of the tenant's own OIDC issuer; \`Authorization: Bearer\` with an API key, together with \`x-client-id\`; the operator's key, together with
\`x-client-id\` where the route belongs to a tenant.

**Tenant.** A signed-in caller is in its credential's tenant. On anonymous routes it is \`x-client-id\`, else \`?client_id=\`, else the tenant that owns
the host name, else the default one.

**Lists** are arrays; the next page's URL is in the \`Link\` header. **Idempotency:** a POST by a signed-in caller takes \`Idempotency-Key\`; the same
key and body within 24 hours gets the first answer again. **Sockets** are described at \`/asyncapi.json\`.`;

/** The whole REST surface as OpenAPI 3.1. `extra_models` are classes that no route names, wanted among the schemas. */
export function buildOpenApi(app: INestApplication, public_url: string | undefined, extra_models: Array<Type<object>> = []): OpenAPIObject {
  const base = public_url ?? '';
  const builder = new DocumentBuilder()
    .setTitle('Kaiwa')
    .setDescription(`${DESCRIPTION}\n\n${errorTable()}`)
    .setVersion('1.0.0')
    .setOpenAPIVersion('3.1.0')
    .addServer(base === '' ? '/' : base, 'The API')
    .addServer(`${base}/api`, 'The same under a prefix')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: "An access token, or an ID token of the tenant's issuer" }, 'bearer')
    .addCookieAuth('token', { type: 'apiKey', in: 'cookie', name: 'token', description: 'Set by POST /login' }, 'cookie')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'An API key, together with x-client-id' }, 'api_key')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'The operator key, together with x-client-id on the routes of a tenant' }, 'operator')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'METRICS_TOKEN' }, 'metrics');
  const document = SwaggerModule.createDocument(app, builder.build(), {
    operationIdFactory: (_controller, method) => method,
    extraModels: extra_models,
  });
  return complete(document as unknown as Json) as unknown as OpenAPIObject;
}

/** What the generator leaves out: 3.1's way of saying null, and an example for every body. */
function complete(document: Json): Json {
  const modern = modernise(document) as Json;
  const schemas = ((modern['components'] as Json)['schemas'] ?? {}) as Record<string, Json>;
  for (const schema of Object.values(schemas)) schema['examples'] ??= [exampleOf(schema, schemas)];
  for (const path of Object.values(modern['paths'] as Record<string, Json>)) {
    for (const operation of Object.values(path) as Json[]) {
      const bodies = [operation['requestBody'], ...Object.values((operation['responses'] ?? {}) as Json)];
      for (const body of bodies) {
        for (const media of Object.values((((body as Json | undefined)?.['content'] as Json | undefined) ?? {}) as Record<string, Json>)) {
          if (media['example'] === undefined && media['examples'] === undefined && media['schema']) {
            media['example'] = exampleOf(media['schema'] as Json, schemas);
          }
        }
      }
    }
  }
  return modern;
}

/** OpenAPI 3.1 has no `nullable`: null is one of a value's types. */
function modernise(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(modernise);
  if (typeof value !== 'object' || value === null) return value;
  const { nullable, ...rest } = value as Json;
  const made = Object.fromEntries(Object.entries(rest).map(([name, inner]) => [name, name === 'example' || name === 'examples' ? inner : modernise(inner)])) as Json;
  if (nullable !== true) return nullable === undefined || nullable === false ? made : { ...made, nullable };
  if (typeof made['type'] === 'string') {
    return { ...made, type: [made['type'], 'null'], ...(Array.isArray(made['enum']) ? { enum: [...(made['enum'] as unknown[]), null] } : {}) };
  }
  const { allOf, $ref, ...words } = made;
  const one = $ref ? { $ref } : Array.isArray(allOf) && allOf.length === 1 ? (allOf[0] as Json) : null;
  return one ? { ...words, anyOf: [one, { type: 'null' }] } : made;
}

function errorTable(): string {
  const rows = Object.entries(ERROR_TABLE)
    .sort(([, a], [, b]) => a.status - b.status)
    .map(([code, { status, message }]) => `| ${status} | \`${code}\` | ${message} |`);
  return ['**Errors**', '', '| status | code | message |', '| --- | --- | --- |', ...rows].join('\n');
}
