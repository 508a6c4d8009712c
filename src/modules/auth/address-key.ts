import ipaddr from 'ipaddr.js';

/** What an address is counted as: an IPv6 caller has a whole /64 to choose from, so that counts as one. */
export function addressKey(address: string): string {
  if (!address.includes(':')) return address;
  if (!ipaddr.isValid(address)) return address.slice(0, 64);
  const parsed = ipaddr.process(address);
  if (!('parts' in parsed)) return parsed.toString();
  return `${parsed.parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')}::/64`;
}
