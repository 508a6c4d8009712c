import { Injectable } from '@nestjs/common';
import { Database } from '../../../platform/database/index.js';
import { Jobs } from '../../../platform/jobs/index.js';
import { TranscriptRepository } from './transcript.repository.js';

declare module '../../../platform/jobs/index.js' {
  interface JobPayloads {
    'recording.transcribe': { recording_sid: string };
  }
}

/** Has recordings transcribed behind the answer, each once. */
@Injectable()
export class TranscriptionQueue {
  constructor(
    private readonly database: Database,
    private readonly jobs: Jobs,
    private readonly transcripts: TranscriptRepository,
  ) {}

  /** Asks for a recording's text, in the open transaction where there is one; nothing happens where it was asked for before. */
  async request(recording_sid: string): Promise<void> {
    await this.database.transaction(async () => {
      if (await this.transcripts.request(recording_sid))
        await this.jobs.enqueue('recording.transcribe', { recording_sid }, { key: recording_sid });
    });
  }
}
