/** A meeting, or a participant in one, as the provider describes it to its own client library. Opaque here. */
export type ProviderDescription = Record<string, unknown>;

/** The provider does not know the meeting any more. */
export class MeetingGoneError extends Error {
  constructor(options?: ErrorOptions) {
    super('The provider does not know the meeting any more', options);
    this.name = 'MeetingGoneError';
  }
}

/** Meetings that somebody else carries, whose clients talk to that provider by themselves. */
export abstract class MeetingProvider {
  /** Where browsers connect to in order to take part, as sources of a content security policy (`connect-src`). Known before any meeting is made. */
  abstract readonly media_sources: readonly string[];

  /** Finds out whether meetings can be asked for at all; makes nothing. @throws MEETING_PROVIDER_NOT_CONFIGURED, MEETING_PROVIDER_UNAVAILABLE */
  abstract assertConfigured(): Promise<void>;

  /**
   * Makes a meeting; asked again with the same `token`, it is the same one.
   * @throws MEETING_PROVIDER_NOT_CONFIGURED, MEETING_PROVIDER_UNAVAILABLE, MEETING_PROVIDER_FAILED
   */
  abstract create(external_id: string, token: string): Promise<ProviderDescription>;

  /** Makes a participant of a meeting, or finds the one who was made before. @throws MeetingGoneError, and as {@link create} */
  abstract admit(meeting: ProviderDescription, external_user_id: string): Promise<ProviderDescription>;
}
