import { assertResolvesPublicly, ForbiddenAddressError, type Network } from '../../../platform/outbound/index.js';
import type { ErrorDetail } from '../../../platform/errors/index.js';
import { BUILT_IN_TOOLS, type ExtTool, type FunctionTool, type JsonSchema } from '../settings/setting-values.js';
import { ToolSchema } from './tool-schema.js';

/** How long a name may take to resolve when a tool is saved; a name that does not resolve now is checked when it is called. */
const RESOLVE_MS = 3_000;

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/;
/** What a header may hold (RFC 9110, section 5.5), in ASCII. */
const HEADER_VALUE = /^[\t\x20-\x7e]{1,4096}$/;
const MAX_HEADERS = 30;
/** Headers that are the connection's own. */
const NOT_YOURS = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const PLACEHOLDER = /\{([^{}]*)\}/g;

/** What is wrong with functions that callers run; `others` are the names of the tools beside them. */
export function functionFaults(tools: readonly FunctionTool[], others: readonly string[]): ErrorDetail[] {
  const names = tools.map((tool) => tool.function.name);
  return tools.flatMap((tool, index) => [
    ...nameFaults(names, index, others, `tools[${index}].function.name`),
    ...schemaFaults(tool.function.parameters, `tools[${index}].function.parameters`),
  ]);
}

/** What is wrong with tools that this server runs, their addresses included: private ones are refused but for `allowed`. Asks DNS, so call it outside a transaction. */
export async function extToolFaults(
  tools: readonly ExtTool[],
  others: readonly string[],
  allowed: readonly Network[],
): Promise<ErrorDetail[]> {
  const names = tools.map(({ name }) => name);
  const found = tools.flatMap((tool, index) => [
    ...nameFaults(names, index, others, `tools[${index}].name`),
    ...schemaFaults(tool.parameters, `tools[${index}].parameters`),
    ...headerFaults(tool.headers, `tools[${index}].headers`),
    ...placeholderFaults(tool, `tools[${index}].url`),
  ]);
  const addresses = await Promise.all(tools.map(({ url }, index) => addressFaults(url, `tools[${index}].url`, allowed)));
  return [...found, ...addresses.flat()];
}

function nameFaults(names: readonly string[], index: number, others: readonly string[], field: string): ErrorDetail[] {
  const name = names[index] ?? '';
  if (BUILT_IN_TOOLS.includes(name)) return [{ field, message: 'is the name of a built-in tool' }];
  if (others.includes(name)) return [{ field, message: 'is the name of another tool' }];
  return names.indexOf(name) < index ? [{ field, message: 'is named twice' }] : [];
}

function schemaFaults(schema: JsonSchema, field: string): ErrorDetail[] {
  return ToolSchema.faults(schema).map((fault) => ({
    field: fault.field === '' ? field : `${field}.${fault.field}`,
    message: fault.message,
  }));
}

function headerFaults(headers: Readonly<Record<string, string>>, field: string): ErrorDetail[] {
  const entries = Object.entries(headers);
  if (entries.length > MAX_HEADERS) return [{ field, message: `must have at most ${MAX_HEADERS} headers` }];
  const seen = new Set<string>();
  return entries.flatMap(([name, value]) => {
    const key = name.toLowerCase();
    const at = `${field}.${name.slice(0, 100)}`;
    if (!HEADER_NAME.test(name)) return [{ field: at, message: 'is no name of a header' }];
    if (NOT_YOURS.has(key)) return [{ field: at, message: 'is set by the connection itself' }];
    if (seen.has(key)) return [{ field: at, message: 'is named twice' }];
    seen.add(key);
    if (typeof value !== 'string' || !HEADER_VALUE.test(value))
      return [{ field: at, message: 'must be 1 to 4096 visible ASCII characters' }];
    return [];
  });
}

/** `{argument}` must be one that the tool has, and cannot choose the server. */
function placeholderFaults({ url, parameters }: ExtTool, field: string): ErrorDetail[] {
  const known = Object.keys(parameters['properties'] ?? {});
  const path = pathOf(url);
  if (/[{}]/.test(url.slice(0, url.length - path.length))) return [{ field, message: 'can have {…} in its path and query alone' }];
  return [...path.matchAll(PLACEHOLDER)].flatMap(([, name = '']) =>
    known.includes(name) ? [] : [{ field, message: `names {${name.slice(0, 64)}}, which is none of its parameters` }],
  );
}

/** What follows the authority of a URL. */
function pathOf(url: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*(.*)$/is.exec(url)?.[1] ?? '';
}

async function addressFaults(text: string, field: string, allowed: readonly Network[]): Promise<ErrorDetail[]> {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) return [{ field, message: 'must be an http or https URL' }];
  if (url.username !== '' || url.password !== '') return [{ field, message: 'must not have a user name or password' }];
  try {
    await within(assertResolvesPublicly(url, allowed), RESOLVE_MS);
    return [];
  } catch (error) {
    return error instanceof ForbiddenAddressError ? [{ field, message: 'must not be a private address' }] : [];
  }
}

async function within(work: Promise<void>, timeout_ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, timeout_ms)));
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
