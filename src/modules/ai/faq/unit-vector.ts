/** The longest vector that is taken, in numbers. */
export const MAX_DIMENSIONS = 8_192;

/** A vector of length 1 in the same direction, as 32-bit floats; null for what has no direction. */
export function unitVector(values: readonly number[]): Float32Array | null {
  if (values.length === 0 || values.length > MAX_DIMENSIONS) return null;
  let squares = 0;
  for (const value of values) squares += value * value;
  const length = Math.sqrt(squares);
  if (!Number.isFinite(length) || length === 0) return null;
  return Float32Array.from(values, (value) => value / length);
}

/** The vector as it is kept. */
export function toBytes(vector: Float32Array): Buffer {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
}

/** The kept vector; a copy, since a driver's bytes stand anywhere. */
export function fromBytes(bytes: Buffer): Float32Array {
  return new Float32Array(Uint8Array.from(bytes).buffer);
}

/** The cosine of the angle between two unit vectors; null where they are of different spaces. */
export function cosine(a: Float32Array, b: Float32Array): number | null {
  if (a.length !== b.length) return null;
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += (a[index] as number) * (b[index] as number);
  return sum;
}
