import type { ExtTool } from '../settings/setting-values.js';

/** What is sent for a call of a tool. */
export interface ToolRequest {
  readonly url: URL;
  readonly body: string | undefined;
}

/** Thrown where arguments cannot stand in a tool's URL. */
export class ArgumentError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ArgumentError';
  }
}

const PLACEHOLDER = /\{([^{}]*)\}/g;
const ENCODED_PLACEHOLDER = /%7B(.*?)%7D/gi;

/**
 * Puts arguments where they go: `{argument}` in the URL's path and query first; what is left is the query of GET and DELETE, and the JSON
 * body of the others. An argument stands for one segment or one value: it can change neither the path around it nor the server.
 * @throws ArgumentError
 */
export function toolRequest(tool: ExtTool, args: Readonly<Record<string, unknown>>): ToolRequest {
  const used = new Set<string>();
  const fill = (text: string, is_path: boolean): string =>
    text.replaceAll(ENCODED_PLACEHOLDER, '{$1}').replaceAll(PLACEHOLDER, (_match, encoded: string) => {
      const name = decodeURIComponent(encoded);
      used.add(name);
      const value = textOf(args[name], name);
      if (is_path && /^\.{0,2}$/.test(value)) throw new ArgumentError(`${name} must not be empty, . or ..`);
      return encodeURIComponent(value);
    });
  const template = new URL(tool.url);
  const url = new URL(template.origin);
  url.pathname = fill(template.pathname, true);
  url.search = fill(template.search, false);
  const rest = Object.entries(args).filter(([name]) => !used.has(name));
  if (tool.method !== 'GET' && tool.method !== 'DELETE') return { url, body: JSON.stringify(Object.fromEntries(rest)) };
  for (const [name, value] of rest) for (const one of Array.isArray(value) ? value : [value]) url.searchParams.append(name, queryText(one));
  return { url, body: undefined };
}

function textOf(value: unknown, name: string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new ArgumentError(
    value === undefined || value === null ? `${name} is required by the address` : `${name} must be a text or a number`,
  );
}

function queryText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}
