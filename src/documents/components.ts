import { CLIENT_NAME } from '../platform/http/index.js';

type Json = Record<string, unknown>;

const CLIENT_ID = { type: 'string', pattern: CLIENT_NAME.source, maxLength: 64 };
const TEXT = { type: 'string' };
const REQUEST_ID = '0199a6f0-5d5c-7c3a-9b1e-0f4d7c2a9e10';

/** How a caller signs in; any one of those that an operation names serves. */
export const SECURITY_SCHEMES: Record<string, Json> = {
  cookie: { type: 'apiKey', in: 'cookie', name: 'token', description: 'Set by `POST /login`: 7 days, renewed by its use' },
  bearer: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: "An access token of `POST /auth/v1/login`, or an ID token of the tenant's own issuer",
  },
  api_key: { type: 'http', scheme: 'bearer', description: 'An API key of `POST /api-keys`, together with `x-client-id`' },
  operator: { type: 'http', scheme: 'bearer', description: "`OPERATOR_KEY`, together with `x-client-id` on a tenant's routes" },
  metrics: { type: 'http', scheme: 'bearer', description: '`METRICS_TOKEN`' },
};

/** Parameters that many operations take. */
export const PARAMETERS: Record<string, Json> = {
  RequestId: {
    name: 'x-request-id',
    in: 'header',
    required: false,
    description: 'Names the request in the answer, the logs and errors; made where none is given, or one that is not sane',
    schema: { type: 'string', minLength: 1, maxLength: 128 },
    example: REQUEST_ID,
  },
  CallersClientId: {
    name: 'x-client-id',
    in: 'header',
    required: false,
    description: 'The tenant. API keys and the operator must name it; people may leave it out, or name their own',
    schema: CLIENT_ID,
    example: 'default',
  },
  ClientId: {
    name: 'x-client-id',
    in: 'header',
    required: false,
    description: 'The tenant; else `client_id` of the query, else the tenant that owns the host name, else the default one',
    schema: CLIENT_ID,
    example: 'default',
  },
  ClientIdQuery: {
    name: 'client_id',
    in: 'query',
    required: false,
    description: 'The tenant, where no header can be sent',
    schema: CLIENT_ID,
    example: 'default',
  },
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description:
      'Makes it safe to send the request again: for 24 hours the same caller, key and body get the first answer. Counts for signed-in callers',
    schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[\\x21-\\x7e]+$' },
    example: 'order-4711',
  },
};

/** Headers that many answers have. */
export const HEADERS: Record<string, Json> = {
  RequestId: { description: 'Names the request in the logs', schema: TEXT, example: REQUEST_ID },
  RateLimit: {
    description: 'What is left, and the seconds until it is whole again; absent where limits are off',
    schema: TEXT,
    example: '"caller";r=598;t=60',
  },
  RateLimitPolicy: {
    description: 'The limits, in requests and seconds',
    schema: TEXT,
    example: '"caller";q=600;w=60, "tenant";q=6000;w=60',
  },
  RetryAfter: { description: 'In how many seconds to try again', schema: { type: 'integer', minimum: 1 }, example: 2 },
  WwwAuthenticate: { description: 'What to sign in by', schema: TEXT, example: 'Bearer' },
  Link: {
    description: 'The URL of the next page with `rel="next"` (RFC 8288); absent on the last page',
    schema: TEXT,
    example: '<https://api.example.com/rooms?cursor=eyJ2IjpbXX0>; rel="next"',
  },
  IdempotencyReplayed: {
    description: '`true` where this is the first answer given again; absent otherwise',
    schema: { type: 'string', const: 'true' },
    example: 'true',
  },
};

/** A reference to one of the components above. */
export function ref(kind: 'parameters' | 'headers' | 'responses' | 'examples', name: string): Json {
  return { $ref: `#/components/${kind}/${name}` };
}
