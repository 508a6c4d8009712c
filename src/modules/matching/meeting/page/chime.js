import { words } from './words.js';

const LIBRARY = './chime-sdk.bundle.js';
/** How long one attempt to reach Amazon may take, and how long the library goes on trying before the page says that it cannot. */
const ATTEMPT_MS = 10_000;
const PATIENCE_MS = 20_000;
/** Then the page asks this server to let it in anew, as often as this. */
const AGAIN_MS = 15_000;
/** Between the library's own attempts. */
const PAUSE_MS = { short: 1_000, long: 4_000 };

/** A talk that Amazon Chime carries: one way from this tab to Amazon, whoever is there. As {@link Direct}, for the page. */
export class Chime {
  #devices;
  #onStream;
  #onState;
  #onAgain;
  /** The meeting and the participant that this tab is in by, or is on its way to. */
  #key = null;
  /** Counts how often a way was given up, so that what was on its way then goes no further. */
  #turn = 0;
  #library = null;
  #session = null;
  #is_connected = false;
  #is_expected = false;
  /** Who else is in Amazon's meeting. */
  #others = new Set();
  #timer = null;
  /** When the page was asked at once for the last time. */
  #again_at = 0;
  #silence = null;
  #loads = 0;
  /** One stream of what Amazon sends in two: the meeting's sound, and the other's picture. */
  stream = new MediaStream();
  /** Why nothing can be seen and heard, in words; null where there is no such reason. */
  trouble = null;

  constructor({ devices, onStream, onState, onAgain }) {
    this.#devices = devices;
    this.#onStream = onStream;
    this.#onState = onState;
    this.#onAgain = onAgain;
  }

  get is_met() {
    return this.#is_connected && this.#others.size > 0;
  }

  /** Goes into Amazon's meeting. Where this tab is in it already, as after a connection to this server that broke, it stays. */
  async open({ provider_join }) {
    const { meeting, attendee } = provider_join;
    const key = `${meeting.MeetingId} ${attendee.AttendeeId}`;
    if (this.#key === key) return;
    this.#end();
    const turn = this.#turn;
    this.#key = key;
    this.trouble = null;
    this.#onState();
    try {
      this.#library ??= await this.#load();
    } catch (error) {
      console.warn('The library of Amazon Chime could not be loaded', error);
      return void (this.#turn === turn && this.#fail(words.chimeNotLoaded));
    }
    if (this.#turn === turn) this.#begin(meeting, attendee);
  }

  meet(other_tab) {
    this.#is_expected = other_tab !== null;
    this.#show();
  }

  /** Amazon tells the rest. */
  hear() {}

  toggled() {
    const { videoTileController: tiles, realtimeController: voice } = this.#session ?? {};
    if (!this.#is_connected) return;
    const { audio, video } = this.#devices.media;
    if (audio) voice.realtimeUnmuteLocalAudio();
    else voice.realtimeMuteLocalAudio();
    if (video && !tiles.hasStartedLocalVideoTile()) tiles.startLocalVideoTile();
    else if (!video && tiles.hasStartedLocalVideoTile()) tiles.stopLocalVideoTile();
  }

  refresh() {
    if (this.trouble !== null) this.#onAgain();
  }

  close() {
    this.#end();
    this.trouble = null;
  }

  /** A module that could not be had once some browsers do not ask for again by the same name. */
  #load() {
    this.#loads += 1;
    return import(this.#loads === 1 ? LIBRARY : `${LIBRARY}?${this.#loads}`);
  }

  #begin(meeting, attendee) {
    const { AudioProfile, AudioVideoController, Backoff, Configuration, Logger, ReconnectController, WebSocketAdapter } = this.#library;
    const configuration = new Configuration(meeting, attendee);
    configuration.connectionTimeoutMs = ATTEMPT_MS;
    configuration.reconnectTimeoutMs = PATIENCE_MS;
    const logger = new Logger();
    const reconnect = new ReconnectController(PATIENCE_MS, new Backoff(0, PAUSE_MS.short, PAUSE_MS.long));
    // Without the last two, which send events to Amazon and look at each packet in a worker.
    const session = new AudioVideoController(configuration, logger, new WebSocketAdapter(logger), this.#broker(), reconnect);
    this.#session = session;
    session.setAudioProfile(new AudioProfile(null, false));
    session.addObserver({
      audioVideoDidStart: () => this.#become(session, true),
      audioVideoDidStartConnecting: () => this.#become(session, false),
      audioVideoDidStop: (status) => this.#stopped(session, status.statusCode()),
      videoTileDidUpdate: (tile) => !tile.localTile && this.#take(session, 'video', tile.boundVideoStream),
      videoTileWasRemoved: () => this.#take(session, 'video', null),
    });
    session.realtimeController.realtimeSubscribeToAttendeeIdPresence((attendee_id, is_present) => {
      if (this.#session !== session || attendee_id === attendee.AttendeeId) return;
      if (is_present) this.#others.add(attendee_id);
      else this.#others.delete(attendee_id);
      this.#show();
    });
    session.audioMixController.addAudioMixObserver({
      meetingAudioStreamBecameActive: (stream) => this.#take(session, 'audio', stream),
      meetingAudioStreamBecameInactive: () => undefined,
    });
    // The library tells of the sound to whoever gives it something to play it by; it is played with the picture.
    void session.audioMixController.bindAudioElement(Object.assign(new Audio(), { muted: true }));
    session.start();
  }

  /** What the library asks for in order to send it. The devices are the page's own, and so is their being off. */
  #broker() {
    return {
      acquireAudioInputStream: async () => {
        const tracks = this.#devices.stream.getAudioTracks();
        if (tracks.length > 0) return new MediaStream(tracks);
        // Whoever has no microphone sends silence.
        this.#silence ??= new AudioContext().createMediaStreamDestination().stream;
        return this.#silence;
      },
      acquireVideoInputStream: async () => new MediaStream(this.#devices.stream.getVideoTracks()),
      muteLocalAudioInputStream: () => undefined,
      unmuteLocalAudioInputStream: () => undefined,
      addMediaStreamBrokerObserver: () => undefined,
      removeMediaStreamBrokerObserver: () => undefined,
    };
  }

  #become(session, is_connected) {
    if (this.#session !== session) return;
    this.#is_connected = is_connected;
    if (is_connected) this.toggled();
    this.#show();
  }

  /** Puts what came last into the stream, in the place of what came before. */
  #take(session, kind, stream) {
    if (this.#session !== session) return;
    const track = stream?.getTracks().find((one) => one.kind === kind) ?? null;
    for (const old of this.stream.getTracks()) if (old.kind === kind && old !== track) this.stream.removeTrack(old);
    if (track) this.stream.addTrack(track);
    this.#show();
  }

  /** The library has given up, or Amazon has ended it. */
  #stopped(session, status) {
    if (this.#session !== session) return;
    const { AudioJoinedFromAnotherDevice, AudioAttendeeRemoved, MeetingEnded, TURNCredentialsForbidden } = this.#library.StatusCode;
    this.#end();
    // A newer tab has this one's place, and this server says so too.
    if (status === AudioJoinedFromAnotherDevice) return this.#show();
    this.#fail(words.chimeNotReached);
    // Amazon ends a meeting by itself after a while in which nobody was there: this server makes another one.
    if (![AudioAttendeeRemoved, MeetingEnded, TURNCredentialsForbidden].includes(status) || Date.now() - this.#again_at < AGAIN_MS) return;
    this.#again_at = Date.now();
    this.#onAgain();
  }

  #fail(text) {
    this.#end();
    this.trouble = text;
    this.#timer = setInterval(() => this.#onAgain(), AGAIN_MS);
    this.#show();
  }

  #end() {
    clearInterval(this.#timer);
    const ended = this.#session;
    this.#session = null;
    this.#turn += 1;
    this.#key = null;
    this.#is_connected = false;
    this.#others.clear();
    for (const track of this.stream.getTracks()) this.stream.removeTrack(track);
    ended?.stop();
  }

  #show() {
    if (this.is_met && this.#is_expected) this.#onStream(this.stream);
    else this.#onState();
  }
}
