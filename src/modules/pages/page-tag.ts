import { AppError } from '../../platform/errors/index.js';

const TAG = /(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"/g;

/** The `ETag` of a page: it changes with the content and settings, not with the thumbnail (contract, section 5). */
export function tagOf(rev: number): string {
  return `"${rev}"`;
}

/**
 * The `rev` that a single `If-None-Match` names as {@link tagOf} writes it, so that {@link isKnown} says the same; null where it names none of
 * ours, such as `"01"`.
 */
export function revOf(header: string | undefined): number | null {
  const digits = header === undefined ? null : /^(?:W\/)?"([1-9]\d{0,14})"$/.exec(header);
  return digits ? Number(digits[1]) : null;
}

/** True where `If-None-Match` names this `rev`; compared weakly (RFC 9110, section 13.1.2). */
export function isKnown(header: string, rev: number): boolean {
  if (header.trim() === '*') return true;
  return [...header.matchAll(TAG)].some(([, , tag]) => tag === String(rev));
}

/** Throws PAGE_CHANGED (412) where `If-Match` names another `rev`; compared strongly (RFC 9110, section 13.1.1). */
export function assertMatches(header: string | undefined, rev: number): void {
  if (header === undefined || header.trim() === '*') return;
  const is_named = [...header.matchAll(TAG)].some(([, weak, tag]) => weak === undefined && tag === String(rev));
  if (!is_named) throw new AppError('PAGE_CHANGED');
}
