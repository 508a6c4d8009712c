import { AppError } from '../../../platform/errors/index.js';

/** The fields of a signed request of Twilio's; a name that comes more than once has a list. */
export type TwilioForm = Readonly<Record<string, string | readonly string[]>>;

const MOST_FIELDS = 200;

/** What stands for a caller who has no number. */
export const NOBODY = 'anonymous';

/** A request's body as a form; null for what Twilio never sends. */
export function formOf(body: unknown): TwilioForm | null {
  if (body === undefined || body === null) return {};
  if (typeof body !== 'object' || Array.isArray(body)) return null;
  const entries = Object.entries(body as Record<string, unknown>);
  const is_form =
    entries.length <= MOST_FIELDS && entries.every(([, value]) => isText(value) || (Array.isArray(value) && value.every(isText)));
  return is_form ? (Object.fromEntries(entries) as TwilioForm) : null;
}

/** A field's text, or undefined where it is absent or empty. */
export function textOf(form: TwilioForm, name: string): string | undefined {
  const value = form[name];
  const text = typeof value === 'string' ? value : value?.[0];
  return text === undefined || text === '' || text.includes('\0') ? undefined : text;
}

/** A field's text. @throws VALIDATION_FAILED where it is absent */
export function requiredOf(form: TwilioForm, name: string): string {
  const text = textOf(form, name);
  if (text === undefined) throw AppError.field(name, 'is required');
  return text;
}

/** A field's whole number, or undefined. */
export function countOf(form: TwilioForm, name: string): number | undefined {
  const text = textOf(form, name);
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

/** A field's time (RFC 2822), or undefined. */
export function timeOf(form: TwilioForm, name: string): Date | undefined {
  const time = Date.parse(textOf(form, name) ?? '');
  return Number.isNaN(time) ? undefined : new Date(time);
}

/** The other side's number, and who called. */
export function sidesOf(form: TwilioForm): { phone_number: string; direction: 'inbound' | 'outbound' } {
  const is_outbound = (textOf(form, 'Direction') ?? 'inbound').startsWith('outbound');
  const number = textOf(form, is_outbound ? 'To' : 'From') ?? NOBODY;
  return { phone_number: number.slice(0, 100), direction: is_outbound ? 'outbound' : 'inbound' };
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
