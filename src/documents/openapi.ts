import type { INestApplication, Type } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { ERROR_TABLE } from '../platform/errors/index.js';
import { documentErrors } from '../platform/http/index.js';
import { complete } from './complete.js';
import { handlersOf } from './handlers.js';
import { TAGS } from './tags.js';

type Json = Record<string, unknown>;

const DESCRIPTION = `One API for a company's conversations: rooms, an AI on the phone, pages, calls and matching; each company is a tenant.

**Two prefixes.** Every path is served at \`/\` and, unchanged, at \`/api\`.

**Credentials**, any one: the cookie \`token\` that \`POST /login\` sets; \`Authorization: Bearer\` with a token of \`POST /auth/v1/login\` or an ID
token of the tenant's own OIDC issuer; \`Authorization: Bearer\` with an API key, together with \`x-client-id\`; the operator's key, together with
\`x-client-id\` where the route belongs to a tenant. With the cookie, an unsafe method from a page of an unknown origin is refused.

**Tenant.** A signed-in caller is in its credential's tenant. On anonymous routes it is \`x-client-id\`, else \`?client_id=\`, else the tenant that owns
the host name, else the default one. What belongs to another tenant is as absent: 404.

**Access.** \`x-access\` says who may call an operation: the role that a person needs at least (\`member\`, \`staff\`, \`admin\`, \`owner\`), and the
scope by which an API key may.

**Lists** are arrays; the next page's URL is in the \`Link\` header. **Times** are RFC 3339 in UTC; \`from\` is inclusive, \`to\` exclusive.
**Idempotency:** a POST by a signed-in caller takes \`Idempotency-Key\`; the same key and body within 24 hours get the first answer again.
**Sockets** are described at \`/asyncapi.json\`.

Besides what each operation names: an unknown path answers 404 \`NOT_FOUND\`, another method on a known path 405 \`METHOD_NOT_ALLOWED\` with \`Allow\`.`;

/** The whole REST surface as OpenAPI 3.1. `extra_models` are classes that no route names, wanted among the schemas. */
export function buildOpenApi(app: INestApplication, public_url: string | undefined, extra_models: Array<Type<object>> = []): OpenAPIObject {
  const base = public_url ?? '';
  const builder = new DocumentBuilder()
    .setTitle('Kaiwa')
    .setDescription(`${DESCRIPTION}\n\n${errorTable()}`)
    .setVersion('1.0.0')
    .setOpenAPIVersion('3.1.0')
    .addServer(base === '' ? '/' : base, 'The API')
    .addServer(`${base}/api`, 'The same under a prefix');
  const handlers = handlersOf(app);
  // By now every decorator has run: what a route answers by its method and options is known.
  for (const { prototype, key, descriptor } of handlers) documentErrors(prototype, key, descriptor);
  const document = SwaggerModule.createDocument(app, builder.build(), {
    operationIdFactory: (_controller, method) => method,
    extraModels: extra_models,
  });
  const named = { ...document, tags: [...TAGS] } as unknown as Json;
  return complete(named, new Map(handlers.map(({ key, handler }) => [key, handler]))) as unknown as OpenAPIObject;
}

function errorTable(): string {
  const rows = Object.entries(ERROR_TABLE)
    .sort(([, a], [, b]) => a.status - b.status)
    .map(([code, { status, message }]) => `| ${status} | \`${code}\` | ${message} |`);
  const table = ['| status | code | message |', '| --- | --- | --- |', ...rows].join('\n');
  return `<details>\n<summary>All errors</summary>\n\n${table}\n\n</details>`;
}
