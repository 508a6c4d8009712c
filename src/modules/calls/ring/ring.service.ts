import { Injectable } from '@nestjs/common';
import { Database } from '../../../platform/database/index.js';
import { AppError } from '../../../platform/errors/index.js';
import { Jobs } from '../../../platform/jobs/index.js';
import { channels } from '../../../platform/realtime/index.js';
import { type Actor, Scope } from '../../../platform/scope/index.js';
import { SocketRegister } from '../../chat/index.js';
import { UserDirectory } from '../../users/index.js';
import { CallLog } from '../log/call-log.js';
import { type CallStatus, isOpen } from '../log/call.entity.js';
import type { StartCallDto } from './ring.dto.js';
import type { RingEventName } from './ring.events.js';
import { RingNotifier } from './ring.notifier.js';
import { partyOf } from './ring.policy.js';
import { type Ring, RingRepository } from './ring.repository.js';
import type { UserCallView } from './ring.view.js';
import { SignalRelay } from './signal-relay.js';

/** How long a call rings (contract, section 7). */
export const RING_MS = 45_000;
/** How long one side may be without any socket before the call ends. */
export const GRACE_MS = 15_000;

/** Calls between two users of a tenant: ringing, answering, ending, and what their browsers have to tell each other. */
@Injectable()
export class RingService {
  constructor(
    private readonly database: Database,
    private readonly rings: RingRepository,
    private readonly notifier: RingNotifier,
    private readonly relay: SignalRelay,
    private readonly users: UserDirectory,
    private readonly sockets: SocketRegister,
    private readonly log: CallLog,
    private readonly jobs: Jobs,
  ) {}

  /**
   * Calls somebody: all their sockets ring, for 45 s at most. @throws USER_NOT_FOUND also where an account is shut, USER_BUSY where either is in a
   * call that rings or is answered, NOT_YOURSELF, VALIDATION_FAILED for calling oneself
   */
  async start(actor: Actor, body: StartCallDto): Promise<UserCallView> {
    const caller_id = partyOf(actor, body.caller_id, 'caller_id');
    const { callee_id } = body;
    if (callee_id === caller_id) throw AppError.field('callee_id', 'must be somebody else');
    await this.assertUsers([caller_id, callee_id]);
    const call = await this.database.transaction(async () => {
      const id = await this.rings.insert({ caller_id, callee_id, media: body.media ?? 'audio' });
      await this.rings.engage(id, [caller_id, callee_id]);
      await this.jobs.enqueue('call.miss', { call_id: id }, { run_at: new Date(Date.now() + RING_MS), key: id });
      return this.tell('call:incoming', id);
    });
    return this.notifier.view(call, caller_id);
  }

  /** The call, to the two alone. @throws CALL_NOT_FOUND */
  async get(actor: Actor, id: string, named?: string | null): Promise<UserCallView> {
    const { call, user_id } = await this.find(actor, id, named);
    return this.notifier.view(call, user_id);
  }

  /** Answers a call; of several devices the first one has it. @throws CALL_NOT_FOUND, FORBIDDEN to the caller, CALL_NOT_RINGING */
  async accept(actor: Actor, id: string, named?: string | null): Promise<UserCallView> {
    return this.answer(actor, id, named, async (call) => {
      await this.rings.answer(call.id);
      // Whoever is not there has the grace to come, and the call ends where they do not.
      for (const gone of await this.sockets.absent([call.caller.id, call.callee.id])) await this.watch(call.id, gone);
      return this.tell('call:accepted', call.id);
    });
  }

  /** Declines a call. @throws CALL_NOT_FOUND, FORBIDDEN to the caller, CALL_NOT_RINGING */
  async decline(actor: Actor, id: string, named?: string | null): Promise<UserCallView> {
    return this.answer(actor, id, named, (call) => this.close(call, 'declined', 'call:declined'));
  }

  /**
   * Ends a call. While it rings, it is declined by the one who is called, and missed where the caller gives up. One that is over stays
   * as it is. @throws CALL_NOT_FOUND
   */
  end(actor: Actor, id: string, named?: string | null): Promise<UserCallView> {
    return this.database.transaction(async () => {
      const { call, user_id } = await this.find(actor, id, named, true);
      return this.notifier.view(isOpen(call.status) ? await this.endBy(call, user_id) : call, user_id);
    });
  }

  /**
   * Passes on what one side's browser has to tell the other's, to the other of the two alone. What one `origin` (a socket) sends is heard in
   * its order. @throws CALL_NOT_FOUND, CALL_OVER
   */
  async signal(user_id: string, origin: object, call_id: string, data: unknown): Promise<void> {
    const call = assertParty(await this.rings.find(call_id), user_id);
    if (!isOpen(call.status)) throw new AppError('CALL_OVER');
    const [from, to] = call.caller.id === user_id ? [call.caller, call.callee] : [call.callee, call.caller];
    const channel = channels.user(Scope.clientId(), to.id);
    this.relay.send(origin, { channel, event: 'call:signal', payload: JSON.stringify({ call_id, from, data }) });
  }

  /** Ends a call that nobody has answered in its time; one that was answered goes on. */
  async miss(id: string): Promise<void> {
    await this.database.transaction(async () => {
      const call = await this.rings.find(id, true);
      if (call?.status === 'ringing') await this.close(call, 'missed', 'call:missed');
    });
  }

  /** Looks after calls of people who have no socket any more: where none comes within the grace, the call ends. */
  async leave(user_ids: readonly string[]): Promise<void> {
    for (const { call_id, user_id } of await this.rings.openIds(user_ids)) await this.watch(call_id, user_id);
  }

  /** Ends a call whose one side is gone for good. A call that rings goes on ringing where only the one who is called is away. */
  async endDeserted(id: string, user_id: string): Promise<void> {
    await this.database.transaction(async () => {
      const call = await this.rings.find(id, true);
      if (!call || !isOpen(call.status) || (call.status === 'ringing' && call.callee.id === user_id)) return;
      const [gone] = await this.sockets.absent([user_id]);
      if (gone !== undefined) await this.endBy(call, user_id);
    });
  }

  /** Ends every call of a person whose account ends, in the transaction that ends it. */
  async endAllOf(user_id: string): Promise<void> {
    for (const { call_id } of await this.rings.openIds([user_id])) {
      const call = await this.rings.find(call_id, true);
      if (call && isOpen(call.status)) await this.close(call, call.status === 'ringing' ? 'missed' : 'completed', 'call:ended');
    }
  }

  /** To all but the two a call is as absent. @throws CALL_NOT_FOUND, NOT_YOURSELF, VALIDATION_FAILED where a system names nobody */
  private async find(actor: Actor, id: string, named: string | null | undefined, lock = false): Promise<{ call: Ring; user_id: string }> {
    if (actor.kind === 'user') partyOf(actor, named, 'user_id');
    const call = await this.rings.find(id, lock);
    if (!call) throw new AppError('CALL_NOT_FOUND');
    const user_id = partyOf(actor, named, 'user_id');
    return { call: assertParty(call, user_id), user_id };
  }

  private answer(actor: Actor, id: string, named: string | null | undefined, change: (call: Ring) => Promise<Ring>): Promise<UserCallView> {
    return this.database.transaction(async () => {
      const { call, user_id } = await this.find(actor, id, named, true);
      if (call.callee.id !== user_id) throw new AppError('FORBIDDEN');
      if (call.status !== 'ringing') throw new AppError('CALL_NOT_RINGING');
      return this.notifier.view(await change(call), user_id);
    });
  }

  private endBy(call: Ring, user_id: string): Promise<Ring> {
    const unanswered = call.callee.id === user_id ? 'declined' : 'missed';
    return this.close(call, call.status === 'ringing' ? unanswered : 'completed', 'call:ended');
  }

  private async close(call: Ring, status: CallStatus, event: RingEventName): Promise<Ring> {
    await this.rings.close(call.id, status);
    await this.log.tellEnded(call.id);
    return this.tell(event, call.id);
  }

  private async tell(event: RingEventName, id: string): Promise<Ring> {
    const call = await this.rings.find(id);
    if (!call) throw new AppError('CALL_NOT_FOUND');
    await this.notifier.announce(event, call);
    return call;
  }

  private watch(call_id: string, user_id: string): Promise<void> {
    return this.jobs.enqueue(
      'call.end_deserted',
      { call_id, user_id },
      { run_at: new Date(Date.now() + GRACE_MS), key: `${call_id}/${user_id}` },
    );
  }

  private async assertUsers(user_ids: readonly string[]): Promise<void> {
    if (!(await this.users.areActive(user_ids))) throw new AppError('USER_NOT_FOUND');
  }
}

/** @throws CALL_NOT_FOUND */
function assertParty(call: Ring | null, user_id: string): Ring {
  if (!call || (call.caller.id !== user_id && call.callee.id !== user_id)) throw new AppError('CALL_NOT_FOUND');
  return call;
}
