import findMyWay from 'find-my-way';
import { AppError } from '../errors/index.js';
import type { RouteHandler, RouteMethod, RouteRecord } from './exchange.js';
import { routeOptionsOf } from './route-options.js';

export const ROUTE_METHODS: readonly RouteMethod[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

export interface RouteMatch {
  readonly route: RouteRecord;
  readonly params: Record<string, string | string[]>;
}

/** The longest path parameter, in characters: a FAQ's question has up to 500, all perhaps percent-encoded. */
const MAX_PARAM_LENGTH = 6_000;

const unused = (): void => undefined;
const noQuery = (): Record<string, string> => ({});

/**
 * The routes, in a radix tree in place of Express's list that is searched from the top. Paths are matched case-sensitively, a
 * trailing slash counts for nothing, a static segment wins over a parameter.
 */
export class RouteTable {
  private readonly router = findMyWay({
    ignoreTrailingSlash: true,
    caseSensitive: true,
    maxParamLength: MAX_PARAM_LENGTH,
    querystringParser: noQuery,
    onBadUrl: unused,
  });
  private readonly names = new Map<string, string>();
  readonly routes: RouteRecord[] = [];

  /** Adds a route; throws where another handler has the same method and path already. */
  add(method: RouteMethod, path: string, handler: RouteHandler): void {
    for (const variant of expandGroups(path)) {
      const { pattern, wildcard } = toPattern(variant);
      const key = `${method} ${pattern.replace(/:[^/.-]+/g, ':').replace(/(?<=.)\/$/, '')}`;
      const name = handler.name || 'an unnamed handler';
      const other = this.names.get(key);
      if (other !== undefined) throw new Error(`${method} ${path} is declared twice: by ${other} and by ${name}`);
      this.names.set(key, name);
      const route: RouteRecord = { method, path, handler, options: routeOptionsOf(handler), wildcard };
      this.router.on(method, pattern, unused, route);
      this.routes.push(route);
    }
  }

  /**
   * The route of a path, which may still have its query. HEAD is answered by GET's. Throws INVALID_PATH on malformed
   * percent-encoding and INVALID_NAME on a parameter that no name can be.
   */
  find(method: string, url: string): RouteMatch | null {
    let found = this.router.find(method as RouteMethod, url);
    if (found === null && method === 'HEAD') found = this.router.find('GET', url);
    if (found === null) return null;
    const route = found.store as RouteRecord | null;
    if (route === null) throw new AppError('INVALID_PATH');
    const params = found.params as Record<string, string | string[]>;
    for (const name in params) assertName(params[name] as string);
    if (route.wildcard !== null) {
      const segments = (params['*'] as string).split('/');
      segments.forEach(assertName);
      delete params['*'];
      params[route.wildcard] = segments;
    }
    return { route, params };
  }

  /** What `Allow` says of a path: its methods, sorted; empty where no method knows the path. */
  allowed(url: string): string[] {
    const methods = ROUTE_METHODS.filter((method) => (this.router.find(method, url)?.store ?? null) !== null);
    if (methods.length === 0) return [];
    const all = new Set<RouteMethod>([...methods, 'OPTIONS']);
    if (all.has('GET')) all.add('HEAD');
    return [...all].sort();
  }
}

/** `.` and `..` change their meaning on the way through proxies and clients, and NUL is no text to PostgreSQL: no name is one of them. */
function assertName(value: string): void {
  if (value === '.' || value === '..' || value.includes('\0')) throw new AppError('INVALID_NAME');
}

/** `/a{/:b}` → `/a` and `/a/:b`. */
function expandGroups(path: string): string[] {
  const group = /\{([^{}]*)\}/.exec(path);
  if (!group) return [path];
  const before = path.slice(0, group.index);
  const after = path.slice(group.index + group[0].length);
  return [...expandGroups(`${before}${after}` || '/'), ...expandGroups(`${before}${group[1] ?? ''}${after}`)];
}

/** Express's path syntax, as far as routes of this house use it, in find-my-way's. */
function toPattern(path: string): { pattern: string; wildcard: string | null } {
  if (/[()?+!\\"[\]]/.test(path)) throw new Error(`The path ${path} uses syntax that the route table does not know`);
  const star = path.indexOf('*');
  if (star === -1) return { pattern: path, wildcard: null };
  const wildcard = path.slice(star + 1);
  if (!/^[A-Za-z_]\w*$/.test(wildcard)) throw new Error(`The wildcard of ${path} must be named and stand at its end`);
  return { pattern: path.slice(0, star + 1), wildcard };
}
