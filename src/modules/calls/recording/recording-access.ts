import { Injectable } from '@nestjs/common';
import { type RecordingFacts, Telephony } from '../../../integrations/telephony/index.js';
import { BoundedCache } from '../../../platform/cache/index.js';
import { AppError } from '../../../platform/errors/index.js';
import { Scope } from '../../../platform/scope/index.js';
import { TenantIntegrations, type TwilioSettings } from '../../tenancy/index.js';
import { CallOwners } from '../log/call-owners.js';

const RECORDING_SID = /^RE[0-9A-Za-z]{1,62}$/;
const MOST_KNOWN = 5_000;
/** A player asks for a recording in many parts. */
const KNOWN_MS = 60_000;

/** A recording that the tenant may have, and the account that has it. */
export interface OwnRecording {
  readonly facts: RecordingFacts;
  readonly account: TwilioSettings;
}

/** Which recordings are a tenant's: all of its own account's; of the operator's account those of calls in its own log (contract, section 4). */
@Injectable()
export class RecordingAccess {
  private readonly known = new BoundedCache<string, { facts: RecordingFacts; until: number }>(MOST_KNOWN);

  constructor(
    private readonly integrations: TenantIntegrations,
    private readonly telephony: Telephony,
    private readonly owners: CallOwners,
  ) {}

  /** The scope's tenant's account at the provider, or the operator's. @throws TWILIO_NOT_CONFIGURED */
  async account(): Promise<TwilioSettings> {
    const account = await this.integrations.twilio();
    if (!account) throw new AppError('TWILIO_NOT_CONFIGURED');
    return account;
  }

  /** The tenant's recording. @throws TWILIO_NOT_CONFIGURED, RECORDING_NOT_FOUND, TELEPHONY_FAILED, TELEPHONY_UNAVAILABLE */
  async get(recording_sid: string): Promise<OwnRecording> {
    const account = await this.account();
    if (!RECORDING_SID.test(recording_sid)) throw new AppError('RECORDING_NOT_FOUND');
    const key = `${Scope.clientId()} ${account.account_sid} ${recording_sid}`;
    const known = this.known.get(key);
    // The provider may have told of the call to another tenant since: whose it is, is asked each time.
    if (known && known.until > performance.now() && (await this.isOwn(account, known.facts.call_sid)))
      return { facts: known.facts, account };
    const facts = await this.telephony.findRecording(account, recording_sid);
    if (!facts || !(await this.isOwn(account, facts.call_sid))) throw new AppError('RECORDING_NOT_FOUND');
    this.known.set(key, { facts, until: performance.now() + KNOWN_MS });
    return { facts, account };
  }

  private async isOwn(account: TwilioSettings, call_sid: string): Promise<boolean> {
    return account.source === 'tenant' || (await this.owners.own([call_sid])).has(call_sid);
  }
}
