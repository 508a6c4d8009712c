import { Injectable } from '@nestjs/common';
import { MeetingProvider } from '../../../integrations/meetings/index.js';
import { Config } from '../../../platform/config/index.js';
import { Database } from '../../../platform/database/index.js';
import { AppError } from '../../../platform/errors/index.js';
import { type Actor, Scope } from '../../../platform/scope/index.js';
import { matchingSettings, TenantDirectory } from '../../tenancy/index.js';
import type { Matching } from '../matching.entity.js';
import { assertMatching, isDesk } from '../matching.policy.js';
import { MatchingRepository } from '../matching.repository.js';
import { MatchingService } from '../matching.service.js';
import type { CreateMeetingDto } from './meeting.dto.js';
import type { MeetingProviderName } from './meeting.entity.js';
import { MeetingRepository } from './meeting.repository.js';
import { MeetingTokens } from './meeting-tokens.js';
import type { MeetingView } from './meeting.view.js';

const MAKES_A_MATCHING = ['speaker_id', 'listener_id', 'date', 'meeting_length'] as const;

/** Opens the meetings of matchings. */
@Injectable()
export class MeetingService {
  constructor(
    private readonly config: Config,
    private readonly database: Database,
    private readonly matchings: MatchingService,
    private readonly rows: MatchingRepository,
    private readonly meetings: MeetingRepository,
    private readonly tokens: MeetingTokens,
    private readonly tenants: TenantDirectory,
    private readonly provider: MeetingProvider,
  ) {}

  /**
   * The meeting of a matching, made where there is none, and the matching too where none is named. `base` is where this server is reached.
   * @throws MATCHING_NOT_FOUND, MATCHING_OVER, NOT_YOURSELF, VALIDATION_FAILED, MEETING_PROVIDER_NOT_CONFIGURED, MEETING_PROVIDER_UNAVAILABLE, and what
   *   making a matching throws
   */
  async create(actor: Actor, body: CreateMeetingDto, base: string): Promise<MeetingView> {
    const provider = await this.configuredProvider();
    if (provider === 'chime') await this.assertOpenable(actor, body.matching_id ?? null);
    const { matching, talk } = await this.database.transaction(
      async () => {
        const matching_id = body.matching_id ?? (await this.book(actor, body, base));
        if (body.matching_id != null) assertAlone(body);
        const matching = await this.rows.findOne({ id: matching_id });
        if (!matching) throw new AppError('MATCHING_NOT_FOUND');
        assertMatching(actor, 'meet', matching, 0);
        return { matching, talk: await this.meetings.ensure(matching_id, provider) };
      },
      { retry: true },
    );
    const holder = holderOf(actor, body.user_id, matching);
    const { id, matching_id, starts_at, ends_at } = talk;
    return {
      id,
      matching_id,
      join_url: holder === null ? null : `${base}/meetings/${id}/join?token=${this.tokens.sign(id, holder)}`,
      starts_at: starts_at.toISOString(),
      ends_at: ends_at.toISOString(),
    };
  }

  private async book(actor: Actor, body: CreateMeetingDto, base: string): Promise<string> {
    const { speaker_id, listener_id, date, meeting_length } = body;
    const missing = (['speaker_id', 'date', 'meeting_length'] as const).filter((field) => body[field] == null);
    if (missing.length === 3 && listener_id == null) throw AppError.field('matching_id', 'is required, or what makes a matching');
    if (speaker_id == null || date == null || meeting_length == null) {
      throw new AppError('VALIDATION_FAILED', {
        details: missing.map((field) => ({ field, message: 'is required where no matching is named' })),
      });
    }
    const made = await this.matchings.create(actor, { speaker_id, listener_id: listener_id ?? null, date, meeting_length }, base);
    return made.id;
  }

  /** Nobody is given a link to a meeting that cannot take place. A meeting that is there, and that this server carries, can. */
  private async assertOpenable(actor: Actor, matching_id: string | null): Promise<void> {
    if (matching_id !== null) {
      const matching = await this.rows.findOne({ id: matching_id });
      if (!matching) throw new AppError('MATCHING_NOT_FOUND');
      assertMatching(actor, 'meet', matching, 0);
      if ((await this.meetings.findOne({ matching_id }))?.provider === 'local') return;
    }
    await this.provider.assertConfigured();
  }

  private async configuredProvider(): Promise<MeetingProviderName> {
    const tenant = await this.tenants.find(Scope.clientId());
    return matchingSettings(tenant?.matching ?? {}).meeting_provider ?? this.config.env.MEETING_PROVIDER;
  }
}

/** A matching that is named is as it is. */
function assertAlone(body: CreateMeetingDto): void {
  const named = MAKES_A_MATCHING.filter((field) => body[field] != null);
  if (named.length === 0) return;
  throw new AppError('VALIDATION_FAILED', { details: named.map((field) => ({ field, message: 'goes with no matching_id' })) });
}

/** Whose link it is: one's own; a system names one of the two. Nobody else has a seat. */
function holderOf(actor: Actor, named: string | null | undefined, { speaker_id, listener_id }: Matching): string | null {
  const is_party = (id: string): boolean => id === speaker_id || id === listener_id;
  if (actor.kind === 'user') {
    if (named != null && named !== actor.id) throw new AppError('NOT_YOURSELF', { message: 'user_id must be your own id' });
    return is_party(actor.id) ? actor.id : null;
  }
  if (named == null) return null;
  if (!isDesk(actor) || !is_party(named)) throw AppError.field('user_id', 'must be one of the two');
  return named;
}
