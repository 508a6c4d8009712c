import { createWriteStream } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform, type TransformCallback } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { AudioCutter, type AudioPart, clearAudioFolders, inAudioFolder } from '../../../integrations/audio/index.js';
import { longestAudioOf, Whisper, type WhisperAnswer, WhisperError, WHISPER_MOST_BYTES } from '../../../integrations/llm/index.js';
import { Telephony } from '../../../integrations/telephony/index.js';
import { Database } from '../../../platform/database/index.js';
import { AppError } from '../../../platform/errors/index.js';
import { Logger } from '../../../platform/http/index.js';
import { type JobContext, Jobs } from '../../../platform/jobs/index.js';
import { Scope } from '../../../platform/scope/index.js';
import { TenantIntegrations, UsageService } from '../../tenancy/index.js';
import { CallRepository } from '../log/call.repository.js';
import { TranscriptRepository, type TranscriptText } from './transcript.repository.js';
import { assemble } from './transcript-text.js';

/** Three hours of a telephone's WAV, with room. */
const MOST_BYTES = 512 * 1024 * 1024;
const PART_SECONDS = 1_200;
const MOST_ATTEMPTS = 4;
const TIMEOUT_MS = 45 * 60_000;

/** What no further try will mend. */
class Hopeless extends Error {
  constructor(
    readonly failure: 'FFMPEG_MISSING' | 'RECORDING_NOT_FOUND' | 'TRANSCRIPTION_FAILED' | 'OPENAI_NOT_CONFIGURED' | 'TWILIO_NOT_CONFIGURED',
    options?: ErrorOptions,
  ) {
    super(`The recording cannot be transcribed: ${failure}`, options);
    this.name = 'Hopeless';
  }
}

/**
 * Fetches a recording, has it transcribed, and keeps its text with its calls. Nothing of it stays on the disk; what a process left that was
 * killed goes when the next one starts.
 */
@Injectable()
export class TranscriptionJob implements OnApplicationBootstrap {
  private readonly whisper = new Whisper();
  private readonly cutter = new AudioCutter();

  constructor(
    jobs: Jobs,
    private readonly database: Database,
    private readonly transcripts: TranscriptRepository,
    private readonly calls: CallRepository,
    private readonly integrations: TenantIntegrations,
    private readonly telephony: Telephony,
    private readonly usage: UsageService,
    private readonly logger: Logger,
  ) {
    jobs.define('recording.transcribe', {
      scope: 'tenant',
      max_attempts: MOST_ATTEMPTS,
      timeout_ms: TIMEOUT_MS,
      handler: ({ recording_sid }, context) => this.run(recording_sid, context),
    });
  }

  /** Behind the start, which waits for nothing of it. */
  onApplicationBootstrap(): void {
    clearAudioFolders(TIMEOUT_MS).catch((error: unknown) =>
      this.logger.warn({ err: error }, 'recordings that were left behind could not be removed'),
    );
  }

  private async run(recording_sid: string, context: JobContext): Promise<void> {
    const transcript = await this.transcripts.find(recording_sid);
    // The first run may have ended without the queue's having noted it.
    if (!transcript || transcript.status === 'done') return;
    try {
      const answers = await inAudioFolder((folder) => this.transcribe(recording_sid, folder, context.signal));
      await this.keep(recording_sid, assemble(answers), answers);
    } catch (error) {
      if (error instanceof Hopeless) {
        this.logger.warn({ err: error, recording_sid }, 'a recording cannot be transcribed');
        return this.transcripts.fail(recording_sid, error.failure);
      }
      // A server that stops has the job run again elsewhere.
      const is_over = context.attempt >= context.max_attempts && !context.signal.aborted;
      if (is_over) await this.transcripts.fail(recording_sid, 'TRANSCRIPTION_FAILED');
      throw error;
    }
  }

  private async transcribe(
    recording_sid: string,
    folder: string,
    signal: AbortSignal,
  ): Promise<Array<{ start_seconds: number; answer: WhisperAnswer }>> {
    const account = await this.integrations.openai();
    if (!account) throw new Hopeless('OPENAI_NOT_CONFIGURED');
    const path = await this.fetch(recording_sid, folder, signal);
    const longest = longestAudioOf(account.whisper_model);
    const is_long = longest !== null && (await this.lengthOf(recording_sid)) > longest;
    const parts =
      is_long || (await stat(path)).size > WHISPER_MOST_BYTES ? await this.cut(path, folder, signal) : [{ path, start_seconds: 0 }];
    const answers = [];
    for (const { path: part, start_seconds } of parts) {
      answers.push({ start_seconds, answer: await this.ask(() => this.whisper.transcribe(account, part, signal)) });
    }
    return answers;
  }

  /** Writes the audio into the folder as it comes. */
  private async fetch(recording_sid: string, folder: string, signal: AbortSignal): Promise<string> {
    const account = await this.integrations.twilio();
    if (!account) throw new Hopeless('TWILIO_NOT_CONFIGURED');
    const audio = await this.telephony.openAudio(account, recording_sid, { format: 'mp3', signal });
    if (!audio) throw new Hopeless('RECORDING_NOT_FOUND');
    const path = join(folder, `recording.${(audio.headers['content-type'] ?? '').includes('wav') ? 'wav' : 'mp3'}`);
    await pipeline(audio.stream, new ByteLimit(MOST_BYTES), createWriteStream(path), { signal });
    return path;
  }

  private async cut(path: string, folder: string, signal: AbortSignal): Promise<AudioPart[]> {
    const parts = join(folder, 'parts');
    await mkdir(parts);
    try {
      return await this.cutter.cut(path, parts, PART_SECONDS, signal);
    } catch (error) {
      throw error instanceof AppError && error.code === 'FFMPEG_MISSING' ? new Hopeless('FFMPEG_MISSING', { cause: error }) : error;
    }
  }

  private async ask(work: () => Promise<WhisperAnswer>): Promise<WhisperAnswer> {
    try {
      return await work();
    } catch (error) {
      throw error instanceof WhisperError && !error.is_transient ? new Hopeless('TRANSCRIPTION_FAILED', { cause: error }) : error;
    }
  }

  private async keep(recording_sid: string, text: TranscriptText, answers: ReadonlyArray<{ answer: WhisperAnswer }>): Promise<void> {
    const seconds = await this.secondsOf(recording_sid, answers);
    const is_new = await this.database.transaction(async () => {
      await this.calls.lockRecording(recording_sid);
      if (!(await this.transcripts.keep(recording_sid, text))) return false;
      await this.calls.setTranscript(recording_sid, text.text);
      return true;
    });
    if (is_new) this.usage.count(Scope.clientId(), 'audio_seconds', Math.round(seconds));
  }

  /** How long the recording is: as the model says, or the telephone provider where the model says nothing of it. */
  private async secondsOf(recording_sid: string, answers: ReadonlyArray<{ answer: WhisperAnswer }>): Promise<number> {
    if (answers.some(({ answer }) => answer.duration_seconds !== null))
      return answers.reduce((sum, { answer }) => sum + (answer.duration_seconds ?? 0), 0);
    try {
      return await this.lengthOf(recording_sid);
    } catch (error) {
      // The text is there, and is not made anew for its length.
      this.logger.warn({ err: error, recording_sid }, 'Twilio did not say how long a recording is');
      return 0;
    }
  }

  /** How long a recording is, in seconds, as the telephone provider says; 0 where it does not. */
  private async lengthOf(recording_sid: string): Promise<number> {
    const account = await this.integrations.twilio();
    return (account && (await this.telephony.findRecording(account, recording_sid)))?.duration_seconds ?? 0;
  }
}

/** Lets so many bytes through, and fails at the next one. */
class ByteLimit extends Transform {
  private size = 0;

  constructor(private readonly most: number) {
    super();
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.size += chunk.length;
    if (this.size > this.most) done(new Hopeless('TRANSCRIPTION_FAILED', { cause: new Error(`It is larger than ${this.most} bytes`) }));
    else done(null, chunk);
  }
}
