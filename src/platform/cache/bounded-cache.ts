/**
 * A map that forgets what was not used for longest. It keeps two generations: once the young one is full it becomes the old one,
 * and what is asked for moves back. A look-up costs one or two plain map reads, where an exact order of use would be
 * rewritten at each; between `max / 2` and `max` of the entries used last are kept.
 */
export class BoundedCache<K, V> {
  private young = new Map<K, V>();
  private old = new Map<K, V>();
  private readonly half: number;

  constructor(max: number) {
    this.half = Math.max(1, Math.floor(max / 2));
  }

  get(key: K): V | undefined {
    const value = this.young.get(key);
    if (value !== undefined) return value;
    const older = this.old.get(key);
    if (older === undefined) return undefined;
    this.old.delete(key);
    this.put(key, older);
    return older;
  }

  set(key: K, value: V): void {
    this.old.delete(key);
    this.put(key, value);
  }

  delete(key: K): void {
    this.young.delete(key);
    this.old.delete(key);
  }

  /** Forgets every entry that `matches`; walks through all. */
  deleteWhere(matches: (value: V, key: K) => boolean): void {
    for (const generation of [this.young, this.old]) {
      for (const [key, value] of generation) if (matches(value, key)) generation.delete(key);
    }
  }

  clear(): void {
    this.young.clear();
    this.old.clear();
  }

  get size(): number {
    return this.young.size + this.old.size;
  }

  private put(key: K, value: V): void {
    this.young.set(key, value);
    if (this.young.size <= this.half) return;
    this.old = this.young;
    this.young = new Map();
  }
}
