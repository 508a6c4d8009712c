/** Changes that came before an earlier one; with more of them the gap is real, and what follows it is told once more instead. */
const MOST_AHEAD = 1_000;

/**
 * Which of a room's changes (edits, deletions, reactions) this node's sockets have been told. A room counts its changes without gaps
 * (`rooms.last_rev`), so that what never arrived is known by its number.
 */
export class ToldChanges {
  /** Everything up to here was told, or was there before anybody was; null until that is known. */
  private upTo: number | null = null;
  /** Told beyond that, with the place of the message that changed. */
  private readonly ahead = new Map<number, number>();

  /** The last change before the first of a gap; null while nobody knows. */
  get reached(): number | null {
    return this.upTo;
  }

  /** From here on changes are counted; only the first call says. */
  startAt(rev: number): void {
    if (this.upTo === null) this.reach(rev);
  }

  /** Notes that a change is told now; false where it was told before. */
  take(rev: number, seq: number): boolean {
    if (this.has(rev)) return false;
    if (this.ahead.size >= MOST_AHEAD) this.ahead.clear();
    this.ahead.set(rev, seq);
    this.advance();
    return true;
  }

  /** True where the change was told, or a later one of the same message. */
  covers(rev: number, seq: number): boolean {
    if (this.has(rev)) return true;
    for (const [later, place] of this.ahead) if (place === seq && later > rev) return true;
    return false;
  }

  /** Everything up to `rev` has been made up. */
  reach(rev: number): void {
    if (this.upTo !== null && rev <= this.upTo) return;
    this.upTo = rev;
    for (const told of this.ahead.keys()) if (told <= rev) this.ahead.delete(told);
    this.advance();
  }

  private has(rev: number): boolean {
    return (this.upTo !== null && rev <= this.upTo) || this.ahead.has(rev);
  }

  private advance(): void {
    if (this.upTo === null) return;
    while (this.ahead.delete(this.upTo + 1)) this.upTo++;
  }
}
