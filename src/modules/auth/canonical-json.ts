import { createHash } from 'node:crypto';

/** The SHA-256 of a value as JSON with its names sorted: the same for two bodies that mean the same. */
export function canonicalHash(value: unknown): string {
  const digest = createHash('sha256');
  if (Buffer.isBuffer(value)) digest.update('raw ').update(value);
  else digest.update(JSON.stringify(value === undefined ? null : sorted(value)));
  return digest.digest('base64url');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  // Pairs, because an object would put names that look like numbers first, and `__proto__` nowhere.
  const pairs = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return { pairs: pairs.map(([name, item]) => [name, sorted(item)]) };
}
