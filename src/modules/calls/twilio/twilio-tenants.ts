import { Injectable } from '@nestjs/common';
import { BoundedCache } from '../../../platform/cache/index.js';
import { phoneKey, TenantDirectory } from '../../tenancy/index.js';
import { CallOwners } from '../log/call-owners.js';
import { textOf, type TwilioForm } from './twilio-form.js';

const MOST_NUMBERS = 10_000;
const REMEMBERED_MS = 30_000;

/** Whose a request of Twilio's is, before it is known whether Twilio has sent it. */
@Injectable()
export class TwilioTenants {
  /** Owners of numbers, by E.164; null for nobody's. A flood of made-up requests then asks the database no more than anybody. */
  private readonly numbers = new BoundedCache<string, { owner: Promise<string | null>; until: number }>(MOST_NUMBERS);

  constructor(
    private readonly directory: TenantDirectory,
    private readonly owners: CallOwners,
  ) {
    directory.onChanged(() => this.numbers.clear());
  }

  /**
   * The tenant that the URL's `client_id` names, else the one that owns the called number, else, for an outgoing call, the calling one, else
   * the one whose log has the call by an earlier signed request (recordings come without numbers). Null where there is none.
   */
  async find(named: unknown, form: TwilioForm): Promise<string | null> {
    if (named !== undefined) return typeof named === 'string' && (await this.directory.find(named)) ? named : null;
    for (const field of ['To', 'Called', 'From']) {
      const owner = await this.ownerOf(textOf(form, field));
      if (owner !== null) return owner;
    }
    const call_sid = textOf(form, 'CallSid');
    return call_sid === undefined || !/^CA\w{1,62}$/.test(call_sid) ? null : this.owners.findSigned(call_sid);
  }

  private async ownerOf(number: string | undefined): Promise<string | null> {
    // Twilio writes numbers with their country code, so the region does not matter.
    const key = number?.startsWith('+') ? phoneKey(number, 'JP') : null;
    if (key === null) return null;
    const known = this.numbers.get(key);
    if (known && known.until > performance.now()) return known.owner;
    // Kept while it is asked for, so that many who come at once ask once.
    const owner = this.directory.findByPhoneNumber(key);
    this.numbers.set(key, { owner, until: performance.now() + REMEMBERED_MS });
    owner.catch(() => this.numbers.delete(key));
    return owner;
  }
}
