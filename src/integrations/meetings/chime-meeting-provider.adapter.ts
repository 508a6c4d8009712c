import type { ChimeSDKMeetingsClient } from '@aws-sdk/client-chime-sdk-meetings';
import { AppError } from '../../platform/errors/index.js';
import { MeetingGoneError, MeetingProvider, type ProviderDescription } from './meeting-provider.port.js';

/** How Amazon is reached. */
export interface ChimeSettings {
  /** Where the API is asked. */
  readonly region: string;
  /** Where the sound and the pictures go through. */
  readonly media_region: string;
  /** Amazon's own where none is given. */
  readonly endpoint?: string | undefined;
  /** From the machine's role where none is given. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
}

type ChimePackage = typeof import('@aws-sdk/client-chime-sdk-meetings');

const TIMEOUT_MS = 10_000;
const MOST_ATTEMPTS = 2;
const RETRY_AFTER_S = 5;

/**
 * The signalling of Amazon's meetings, wherever they are; pictures and sound themselves are WebRTC, to which `connect-src` does not apply.
 * https://docs.aws.amazon.com/chime-sdk/latest/dg/network-config.html
 */
const AMAZON_SOURCE = 'wss://*.chime.aws';

/** Amazon Chime SDK meetings. The package is loaded when the first meeting is made. */
export class ChimeMeetingProvider extends MeetingProvider {
  private client: Promise<{ chime: ChimePackage; client: ChimeSDKMeetingsClient }> | null = null;

  readonly media_sources: readonly string[];

  constructor(private readonly settings: ChimeSettings) {
    super();
    // Another server of the API may have the signalling at its own host.
    const { endpoint } = settings;
    this.media_sources = endpoint ? [AMAZON_SOURCE, new URL(endpoint).origin.replace(/^http/, 'ws')] : [AMAZON_SOURCE];
  }

  async assertConfigured(): Promise<void> {
    if (this.settings.credentials) return;
    const { client } = await this.open();
    await this.asking(async () => client.config.credentials());
  }

  async create(external_id: string, token: string): Promise<ProviderDescription> {
    const { chime, client } = await this.open();
    const { Meeting } = await this.asking((abortSignal) =>
      client.send(
        new chime.CreateMeetingCommand({
          ClientRequestToken: token,
          ExternalMeetingId: external_id,
          MediaRegion: this.settings.media_region,
        }),
        { abortSignal },
      ),
    );
    if (!Meeting?.MeetingId) throw new AppError('MEETING_PROVIDER_FAILED');
    return Meeting as ProviderDescription;
  }

  async admit(meeting: ProviderDescription, external_user_id: string): Promise<ProviderDescription> {
    const { chime, client } = await this.open();
    const { Attendee } = await this.asking((abortSignal) =>
      client.send(new chime.CreateAttendeeCommand({ MeetingId: String(meeting['MeetingId']), ExternalUserId: external_user_id }), {
        abortSignal,
      }),
    );
    if (!Attendee?.AttendeeId) throw new AppError('MEETING_PROVIDER_FAILED');
    return Attendee as ProviderDescription;
  }

  private open(): Promise<{ chime: ChimePackage; client: ChimeSDKMeetingsClient }> {
    this.client ??= import('@aws-sdk/client-chime-sdk-meetings').then((chime) => {
      const { region, endpoint, credentials } = this.settings;
      const client = new chime.ChimeSDKMeetingsClient({
        region,
        maxAttempts: MOST_ATTEMPTS,
        ...(endpoint ? { endpoint } : {}),
        ...(credentials ? { credentials } : {}),
      });
      return { chime, client };
    });
    return this.client;
  }

  /** What Amazon says of a refusal may hold an account's number: it goes into the log as the cause, and to nobody else. */
  private async asking<T>(ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
    try {
      return await ask(AbortSignal.timeout(TIMEOUT_MS));
    } catch (cause) {
      const { name, $metadata } = cause as { name?: string; $metadata?: { httpStatusCode?: number } };
      if (name === 'NotFoundException') throw new MeetingGoneError({ cause });
      if (name === 'CredentialsProviderError') throw new AppError('MEETING_PROVIDER_NOT_CONFIGURED', { cause });
      const status = $metadata?.httpStatusCode ?? 0;
      if (status >= 400 && status < 500 && status !== 429) throw new AppError('MEETING_PROVIDER_FAILED', { cause });
      throw new AppError('MEETING_PROVIDER_UNAVAILABLE', { cause, retry_after_seconds: RETRY_AFTER_S });
    }
  }
}
