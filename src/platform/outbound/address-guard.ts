import { lookup as dnsLookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Thrown where a URL leads to an address that is not on the public internet, or is no http(s) URL at all. */
export class ForbiddenAddressError extends Error {
  readonly code = 'FORBIDDEN_ADDRESS';

  constructor(readonly host: string) {
    super(`${host} is not a public address`);
    this.name = 'ForbiddenAddressError';
  }
}

/** An IPv4 address in IPv6 as it was written before RFC 4291 gave that up, which ipaddr.js takes for any other. */
const IPV4_COMPATIBLE = ipaddr.parseCIDR('::/96');

/**
 * True for every address outside the public internet: private, loopback, link-local (cloud metadata among them), shared,
 * reserved, multicast, and the IPv6 ranges that carry IPv4 addresses to a translator. What ipaddr.js does not call
 * unicast is refused, so that a range which it learns later is refused too.
 */
export function isPrivateAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return true;
  const parsed = ipaddr.process(address);
  return parsed.range() !== 'unicast' || (parsed.kind() === 'ipv6' && parsed.match(IPV4_COMPATIBLE));
}

/** A network that the operator lets tenants' URLs lead into although it is private: an address and the length of its prefix. */
export type Network = readonly [string, number];

/** True where `address` may be connected to: it is public, or in one of `allowed`. */
function mayConnect(address: string, allowed: readonly Network[]): boolean {
  if (!isPrivateAddress(address)) return true;
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  return allowed.some(([base, bits]) => {
    const network = ipaddr.parse(base);
    return network.kind() === parsed.kind() && parsed.match(network, bits);
  });
}

/**
 * Checks what a URL says by itself: http or https, and no literal address that is private. `new URL` has already written
 * `0x7f.1` and `2130706433` as 127.0.0.1. Names are checked when they are resolved, by {@link guardedLookup}.
 * @throws ForbiddenAddressError
 */
export function assertPublicUrl(url: URL, allowed: readonly Network[] = []): void {
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new ForbiddenAddressError(url.protocol);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) ? !mayConnect(host, allowed) : isLocalName(host)) throw new ForbiddenAddressError(url.hostname);
}

/**
 * Checks a URL now, its name's addresses included: for settings at save. Each connection is checked again, since a name may
 * answer otherwise later.
 * @throws ForbiddenAddressError, and dns errors where the name does not resolve
 */
export async function assertResolvesPublicly(url: URL, allowed: readonly Network[] = []): Promise<void> {
  assertPublicUrl(url, allowed);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host)) return;
  await new Promise<void>((resolve, reject) => {
    guardedLookupFor(allowed)(host, { all: true }, (error) => (error ? reject(error) : resolve()));
  });
}

type LookupCallback = (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void;

type Lookup = (hostname: string, options: LookupOptions, callback: LookupCallback) => void;

/** `dns.lookup`, which fails with {@link ForbiddenAddressError} where any of the name's addresses is private and not `allowed`. */
export function guardedLookupFor(allowed: readonly Network[]): Lookup {
  return (hostname, options, callback) => {
    dnsLookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, []);
      const [first] = addresses;
      if (!first || !addresses.every(({ address }) => mayConnect(address, allowed)))
        return callback(new ForbiddenAddressError(hostname), []);
      if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

/** {@link guardedLookupFor} no private network at all. */
export const guardedLookup: Lookup = guardedLookupFor([]);

/** Names that mean this machine wherever they are asked (RFC 6761). */
function isLocalName(host: string): boolean {
  return /(^|\.)localhost\.?$/i.test(host);
}
