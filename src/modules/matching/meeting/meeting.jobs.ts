import { Injectable } from '@nestjs/common';
import { Logger } from '../../../platform/http/index.js';
import { Jobs } from '../../../platform/jobs/index.js';
import { GrowingUploads } from '../../files/index.js';
import { TenantIntegrations } from '../../tenancy/index.js';
import { MatchingRepository } from '../matching.repository.js';
import { ARRIVAL_MS } from './meeting-ending.js';
import { MeetingRepository } from './meeting.repository.js';
import { type TakeRow, TakeRepository } from './take.repository.js';
import type { Talk } from './talk.js';
import { NotWebmError } from './webm-reader.js';
import { joinWebm } from './webm-writer.js';

const TIMEOUT_MS = 30 * 60_000;
const WEBM = 'audio/webm';
/** By how much a browser's clock may be ahead of ours over a talk. */
const CLOCKS_MS = 60_000;

/** What is written of a talk's sound. */
interface Audio {
  readonly owner_id: string;
  readonly content_type: string;
  readonly ending: string;
  readonly bytes: AsyncIterable<Buffer>;
}

/** What becomes of a talk's recordings once it is over: one file, which the two may hear. */
@Injectable()
export class MeetingJobs {
  constructor(
    private readonly meetings: MeetingRepository,
    private readonly matchings: MatchingRepository,
    private readonly takes: TakeRepository,
    private readonly uploads: GrowingUploads,
    private readonly integrations: TenantIntegrations,
    private readonly jobs: Jobs,
    private readonly logger: Logger,
  ) {
    jobs.define('meeting.assemble', { scope: 'tenant', timeout_ms: TIMEOUT_MS, handler: ({ meeting_id }) => this.assemble(meeting_id) });
  }

  /** Run again, it does nothing more. */
  private async assemble(meeting_id: string): Promise<void> {
    const talk = await this.meetings.findTalk(meeting_id);
    if (!talk?.ended_at) return;
    const takes = await this.takes.list(meeting_id);
    // A run that was cut off may have left what it had joined.
    if (talk.recorded_at) return this.clear(meeting_id, takes);
    const latest = new Date(talk.ended_at.getTime() + ARRIVAL_MS);
    if (takes.some(({ finished_at }) => finished_at === null) && latest.getTime() > Date.now()) {
      return this.jobs.enqueue('meeting.assemble', { meeting_id }, { key: meeting_id, run_at: latest });
    }
    const audio = await this.audioOf(talk, takes);
    if (audio) await this.keep(talk, audio);
    else await this.meetings.update({ id: meeting_id }, { recorded_at: new Date() });
    await this.clear(meeting_id, takes);
  }

  private async clear(meeting_id: string, takes: readonly TakeRow[]): Promise<void> {
    await this.takes.deleteOf(meeting_id);
    await this.uploads.discard(takes.map(({ id }) => id));
  }

  private async keep(talk: Talk, { owner_id, content_type, ending, bytes }: Audio): Promise<void> {
    const { id, matching_id, starts_at } = talk;
    const name = `talk-${starts_at.toISOString().slice(0, 16).replace(/[-:]/g, '').replace('T', '-')}.${ending}`;
    const wants_text = (await this.integrations.openai()) !== null;
    await this.uploads.make({ owner_id, name, content_type, attached_to: { kind: 'matching', id: matching_id } }, bytes, async (file) => {
      await this.matchings.update({ id: matching_id }, { audio_file_id: file.id });
      await this.meetings.update({ id }, { recorded_at: new Date() });
      if (wants_text) await this.jobs.enqueue('meeting.transcribe', { matching_id }, { key: matching_id });
    });
  }

  /** All takes joined; of types that cannot be, the longest one. Null where there is no sound, or nobody whose it could be. */
  private async audioOf(talk: Talk, takes: readonly TakeRow[]): Promise<Audio | null> {
    const owner_id = (talk.speaker_is_barred ? null : talk.speaker_id) ?? talk.listener_id ?? talk.speaker_id;
    const sized = await Promise.all(takes.map(async (take) => ({ ...take, size: (await this.uploads.position(take.id)) ?? 0 })));
    const there = sized.filter(({ size }) => size > 0);
    if (owner_id === null || there.length === 0) return null;
    const ended_ms = talk.ended_at?.getTime() ?? Date.now();
    const webm = there.filter(({ content_type }) => content_type.toLowerCase().startsWith(WEBM));
    try {
      const joined = await joinWebm(
        webm.map(({ id, started_at }) => {
          const began_ms = started_at.getTime();
          return { read: () => this.uploads.read(id), began_ms, longest_ms: ended_ms - began_ms + CLOCKS_MS };
        }),
      );
      return { owner_id, content_type: WEBM, ending: 'webm', bytes: joined.bytes() };
    } catch (error) {
      if (!(error instanceof NotWebmError)) throw error;
      if (webm.length > 0) this.logger.warn({ err: error, meeting_id: talk.id }, 'a recording cannot be joined; it is kept as it came');
    }
    const [longest] = there.sort((a, b) => b.size - a.size);
    if (!longest) return null;
    const content_type = longest.content_type.split(';', 1)[0]?.toLowerCase() ?? 'application/octet-stream';
    const ending = content_type === WEBM ? 'webm' : content_type === 'audio/mp4' ? 'm4a' : content_type === 'audio/ogg' ? 'ogg' : 'bin';
    return { owner_id, content_type, ending, bytes: this.uploads.read(longest.id) };
  }
}
