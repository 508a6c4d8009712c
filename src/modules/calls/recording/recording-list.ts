import { Injectable } from '@nestjs/common';
import { type PagePlace, type RecordingFacts, Telephony } from '../../../integrations/telephony/index.js';
import { BoundedCache } from '../../../platform/cache/index.js';
import { decodeCursor, encodeCursor, Page, pageLimit, type PageRequest } from '../../../platform/database/index.js';
import { AppError } from '../../../platform/errors/index.js';
import type { TwilioSettings } from '../../tenancy/index.js';
import { CallOwners } from '../log/call-owners.js';
import { PhoneNumbers } from '../log/phone-numbers.js';
import { RecordingAccess } from './recording-access.js';
import type { RecordingView } from './recording.view.js';

/** What is asked of the provider at once, and how often for one page of ours: a page may be shorter, but never takes for ever. */
const PROVIDER_PAGE = 200;
const MOST_PROVIDER_PAGES = 5;
const MOST_NUMBERS = 20_000;
const AT_A_TIME = 8;
const DAY_MS = 86_400_000;
const TOKEN = /^[\w.~-]{0,200}$/;

/** Which recordings. */
export interface RecordingFilter {
  phone_key?: string;
  from?: Date;
  to?: Date;
}

interface Place {
  readonly at: PagePlace | null;
  /** Recordings of the provider's page that earlier pages of ours have had. */
  readonly skip: number;
}

/** Lists the provider's recordings, newest first, in pages of ours. */
@Injectable()
export class RecordingList {
  /** Numbers of calls that are not in the log; they never change. */
  private readonly numbersOfCalls = new BoundedCache<string, string>(MOST_NUMBERS);

  constructor(
    private readonly access: RecordingAccess,
    private readonly telephony: Telephony,
    private readonly owners: CallOwners,
    private readonly numbers: PhoneNumbers,
  ) {}

  /** @throws INVALID_CURSOR, TWILIO_NOT_CONFIGURED, TELEPHONY_FAILED, TELEPHONY_UNAVAILABLE */
  async page(filter: RecordingFilter, wanted: PageRequest): Promise<Page<RecordingView>> {
    const limit = pageLimit(wanted.limit);
    const account = await this.access.account();
    const items: RecordingView[] = [];
    let place: Place | null = placeOf(wanted.cursor);
    for (let asked = 0; asked < MOST_PROVIDER_PAGES && place !== null && items.length < limit; asked++) {
      place = await this.gather(account, filter, place, limit, items);
    }
    return new Page(items, place && encodeCursor([place.at?.token ?? '', place.at?.number ?? 0, place.skip]));
  }

  /** Adds what one page of the provider's has to `items`, up to `limit`; answers where to go on. */
  private async gather(
    account: TwilioSettings,
    filter: RecordingFilter,
    place: Place,
    limit: number,
    items: RecordingView[],
  ): Promise<Place | null> {
    // The provider looks at days, in a time zone of its own.
    const from = filter.from && new Date(filter.from.getTime() - DAY_MS);
    const to = filter.to && new Date(filter.to.getTime() + DAY_MS);
    const { recordings, next } = await this.telephony.listRecordings(account, { from, to, page_size: PROVIDER_PAGE, at: place.at });
    const rest = recordings.slice(place.skip);
    const within = rest.filter(isWithin(filter));
    // Whose number a call has is asked of the provider, call by call: of those alone that this page can have.
    const is_all = account.source === 'tenant' && filter.phone_key === undefined;
    const shown = await this.show(account, is_all ? within.slice(0, limit - items.length) : within);
    for (const [index, { sid }] of rest.entries()) {
      if (items.length === limit) return { at: place.at, skip: place.skip + index };
      const view = shown.get(sid);
      if (view && (await this.isOf(view.phone_number, filter.phone_key))) items.push(view);
    }
    return next && { at: next, skip: 0 };
  }

  /** Those that are the tenant's, by their sid, with the numbers of their calls. */
  private async show(account: TwilioSettings, recordings: readonly RecordingFacts[]): Promise<Map<string, RecordingView>> {
    const call_sids = recordings.map(({ call_sid }) => call_sid);
    const is_own_account = account.source === 'tenant';
    const numbers = is_own_account
      ? new Map((await this.owners.logged(call_sids)).map((call) => [call.call_sid, call.phone_number]))
      : await this.owners.own(call_sids);
    if (is_own_account) await this.askNumbers(account, call_sids, numbers);
    const own = recordings.filter(({ call_sid }) => is_own_account || numbers.has(call_sid));
    return new Map(own.map((facts) => [facts.sid, viewOf(facts, numbers.get(facts.call_sid) ?? null)]));
  }

  /** Asks the provider for the numbers of calls that the log does not have, a few at a time. One that it does not tell stays unknown. */
  private async askNumbers(account: TwilioSettings, call_sids: readonly string[], numbers: Map<string, string | null>): Promise<void> {
    const unknown = [...new Set(call_sids)].filter((sid) => !numbers.has(sid));
    const work = async (): Promise<void> => {
      for (let sid = unknown.pop(); sid !== undefined; sid = unknown.pop()) numbers.set(sid, await this.askNumber(account, sid));
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, work));
  }

  private async askNumber(account: TwilioSettings, call_sid: string): Promise<string | null> {
    const key = `${account.account_sid} ${call_sid}`;
    const known = this.numbersOfCalls.get(key);
    if (known !== undefined) return known;
    const call = await this.telephony.findCall(account, call_sid);
    const number = call && (call.is_outbound ? call.to : call.from);
    if (number) this.numbersOfCalls.set(key, number);
    return number || null;
  }

  private async isOf(number: string | null, phone_key: string | undefined): Promise<boolean> {
    return phone_key === undefined || (number !== null && (await this.numbers.find(number)) === phone_key);
  }
}

function isWithin({ from, to }: RecordingFilter): (facts: RecordingFacts) => boolean {
  return ({ started_at }) => (from === undefined || started_at >= from) && (to === undefined || started_at < to);
}

function viewOf({ sid, call_sid, duration_seconds, started_at }: RecordingFacts, phone_number: string | null): RecordingView {
  return { sid, call_sid, phone_number, duration_seconds, started_at: started_at.toISOString() };
}

function placeOf(cursor: string | undefined): Place {
  if (cursor === undefined) return { at: null, skip: 0 };
  const [token, number, skip] = decodeCursor(cursor, ['text', 'integer', 'integer']) as [string, number, number];
  if (!TOKEN.test(token) || number < 0 || skip < 0 || skip > PROVIDER_PAGE) throw new AppError('INVALID_CURSOR');
  return { at: token === '' ? null : { token, number }, skip };
}
