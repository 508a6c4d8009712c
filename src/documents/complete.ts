import { STATUS_CODES } from 'node:http';
import { type AccessRule, NO_IDEMPOTENCY, UNLIMITED } from '../platform/http/index.js';
import { HEADERS, PARAMETERS, ref, SECURITY_SCHEMES } from './components.js';
import { exampleOf } from './examples.js';
import { modernSchema } from './schema.js';

type Json = Record<string, unknown>;

interface Media extends Json {
  schema?: Json;
  example?: unknown;
  examples?: Record<string, Json>;
}

interface Operation extends Json {
  operationId: string;
  summary?: string;
  description?: string;
  parameters?: Json[];
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, Json>;
  security?: Json[];
  'x-access': AccessRule;
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete', 'head', 'options'];

/** What the generator leaves out: 3.1's words, examples of every body, the headers that all routes share, and errors said once. */
export function complete(document: Json, handlers: ReadonlyMap<string, object>): Json {
  const components = document['components'] as Record<string, Record<string, Json>>;
  const schemas = Object.fromEntries(Object.entries(components['schemas'] ?? {}).map(([name, schema]) => [name, modernSchema(schema)]));
  for (const schema of Object.values(schemas)) schema['examples'] ??= [exampleOf(schema, schemas)];
  const errors = new ErrorComponents();
  for (const [path, item] of Object.entries(document['paths'] as Record<string, Record<string, Operation>>)) {
    for (const method of METHODS) {
      const operation = item[method];
      if (!operation) continue;
      const handler = handlers.get(operation.operationId);
      if (!handler) throw new Error(`${method} ${path}: no handler is called ${operation.operationId}`);
      completeOperation(operation, method, handler, schemas, errors);
    }
  }
  return {
    ...document,
    components: {
      securitySchemes: SECURITY_SCHEMES,
      parameters: Object.fromEntries(Object.entries(PARAMETERS).map(([name, parameter]) => [name, completeParameter(parameter)])),
      headers: HEADERS,
      examples: errors.examples,
      responses: errors.responses,
      schemas,
    },
  };
}

function completeOperation(
  operation: Operation,
  method: string,
  handler: object,
  schemas: Record<string, Json>,
  errors: ErrorComponents,
): void {
  Object.assign(operation, splitSummary(operation));
  const access = operation['x-access'];
  const takes_key = method === 'post' && Reflect.getMetadata(NO_IDEMPOTENCY, handler) !== true;
  const is_limited = Reflect.getMetadata(UNLIMITED, handler) !== true;
  if (access.kind === 'public') operation.security = operation.security ? [...operation.security, {}] : [];

  const own = (operation.parameters ?? []).map(completeParameter);
  operation.parameters = [...own, ...sharedParameters(access, takes_key)];
  const is_paged = own.some(({ name }) => name === 'cursor');

  for (const media of Object.values(operation.requestBody?.content ?? {})) completeRequest(media, schemas);
  for (const [status, response] of Object.entries(operation.responses)) {
    const given = (response['headers'] ?? {}) as Record<string, Json>;
    const pages = is_paged || 'Link' in given;
    const shared: Json = { 'X-Request-Id': ref('headers', 'RequestId') };
    if (is_limited)
      Object.assign(shared, { RateLimit: ref('headers', 'RateLimit'), 'RateLimit-Policy': ref('headers', 'RateLimitPolicy') });
    if (status.startsWith('2')) {
      if (pages) shared['Link'] = ref('headers', 'Link');
      if (takes_key) shared['Idempotency-Replayed'] = ref('headers', 'IdempotencyReplayed');
    }
    if (status === '401') shared['WWW-Authenticate'] = ref('headers', 'WwwAuthenticate');
    if (['429', '502', '503', '504'].includes(status)) shared['Retry-After'] = ref('headers', 'RetryAfter');
    response['headers'] = { ...given, ...shared };
    response['description'] ||= STATUS_CODES[Number(status)] ?? 'The answer';
    for (const media of Object.values((response['content'] ?? {}) as Record<string, Media>)) completeAnswer(media, schemas);
    operation.responses[status] = errors.share(response, is_limited);
  }
}

/** The first sentence of a method's comment is its summary, the rest the description. */
function splitSummary({ summary = '', description = '', security, 'x-access': access }: Operation): {
  summary: string;
  description: string;
} {
  const [first = '', ...paragraphs] = summary.split(/\n\s*\n/).map((paragraph) => paragraph.replace(/\s*\n\s*/g, ' ').trim());
  const end = first.search(/\.(\s|$)/);
  const rest = end === -1 ? '' : first.slice(end + 1).trim();
  // A public route that names a credential says by itself who needs it.
  const who = access.kind === 'public' && security ? '' : `Who may: ${callersOf(access)}.`;
  const text = [rest, ...paragraphs, description, who].filter((part) => part !== '').join('\n\n');
  return { summary: end === -1 ? first : first.slice(0, end), description: text };
}

/** Who may call, for people; `x-access` says it to programs. */
function callersOf(access: AccessRule): string {
  if (access.kind === 'public') return 'anybody';
  if (access.kind === 'operator') return 'the operator';
  const people = access.role === 'owner' ? '`owner`' : `\`${access.role}\` and above`;
  const scopes = [access.scope, access.or_scope].flatMap((scope) => (scope ? [`\`${scope}\``] : [])).join(' or ');
  return `${people}${scopes === '' ? '' : `; API keys with ${scopes}`}; the operator`;
}

/** A reference page fills in what stands beside a parameter; what is optional has its example within the schema instead. */
function completeParameter(parameter: Json): Json {
  const { examples, ...schema } = modernSchema((parameter['schema'] ?? {}) as Json);
  const { example = (examples as unknown[] | undefined)?.[0], ...words } = parameter;
  if (example === undefined) return { ...words, schema };
  return parameter['required'] === true ? { ...words, schema, example } : { ...words, schema: { ...schema, examples: [example] } };
}

function sharedParameters(access: AccessRule, takes_key: boolean): Json[] {
  const names: string[] = [];
  if (access.kind === 'role') names.push('CallersClientId');
  // Who signs names the tenant in the URL, which the signature holds.
  if (access.kind === 'public' && access.tenant === 'signature') names.push('ClientIdQuery');
  else if (access.kind === 'public' && access.tenant !== 'none') names.push('ClientId', 'ClientIdQuery');
  if (takes_key) names.push('IdempotencyKey');
  return [...names, 'RequestId'].map((name) => ref('parameters', name));
}

/** The least that works comes first, since it is what a reference page sends. */
function completeRequest(media: Media, schemas: Record<string, Json>): void {
  if (!media.schema) return;
  media.schema = modernSchema(media.schema);
  if (media.example !== undefined || media.examples !== undefined) return;
  const least = exampleOf(media.schema, schemas, true);
  const whole = asAPerson(exampleOf(media.schema, schemas), least);
  const is_empty = JSON.stringify(least) === '{}';
  if (is_empty || JSON.stringify(least) === JSON.stringify(whole)) media.example = whole;
  else media.examples = { least: { summary: 'The required fields', value: least }, whole: { summary: 'Every field', value: whole } };
}

/** By these an API key says for whom it acts; a person who copied the example would name somebody else. */
const FOR_KEYS = ['user_id', 'sender_id', 'caller_id'];

function asAPerson(whole: unknown, least: unknown): unknown {
  if (typeof whole !== 'object' || whole === null || Array.isArray(whole)) return whole;
  const required = Object.keys(least ?? {});
  return Object.fromEntries(Object.entries(whole).filter(([name]) => !FOR_KEYS.includes(name) || required.includes(name)));
}

function completeAnswer(media: Media, schemas: Record<string, Json>): void {
  if (!media.schema) return;
  media.schema = modernSchema(media.schema);
  if (media.example === undefined && media.examples === undefined) media.example = exampleOf(media.schema, schemas);
}

/** Errors are the same wherever they are answered: each is an example of its own, and a response of one code a response of its own. */
class ErrorComponents {
  readonly examples: Record<string, Json> = {};
  readonly responses: Record<string, Json> = {};

  /** The response, its errors by reference; the response by reference where it has one code alone and the usual headers. */
  share(response: Json, is_usual: boolean): Json {
    const media = (response['content'] as Record<string, Media> | undefined)?.['application/json'];
    if (!media?.examples || !String(media.schema?.['$ref']).endsWith('/ErrorBodyView')) return response;
    const codes = Object.entries(media.examples);
    for (const [code, example] of codes) this.examples[code] = example;
    media.examples = Object.fromEntries(codes.map(([code]) => [code, ref('examples', code)]));
    const [only] = codes;
    if (codes.length !== 1 || !only || !is_usual) return response;
    const [code] = only;
    const known = (this.responses[code] ??= response);
    return JSON.stringify(known) === JSON.stringify(response) ? ref('responses', code) : response;
  }
}
