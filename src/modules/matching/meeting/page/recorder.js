/** What a part of a recording lasts: so much is lost at most where a tab is closed. */
const SLICE_MS = 4_000;
const BITS_PER_SECOND = 32_000;
/** What goes in one request. */
const MOST_BYTES = 1024 * 1024;
const MOST_PATIENCE_MS = 10_000;

const TYPES = ['audio/webm;codecs=opus', 'audio/webm', 'audio/mp4', 'audio/ogg;codecs=opus'];
const type = TYPES.find((one) => globalThis.MediaRecorder?.isTypeSupported(one));

/** Whether this browser can record at all. */
export const canRecord = type !== undefined && 'AudioContext' in globalThis;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Records both voices as one sound, and sends it while it is recorded; a broken connection holds it up and loses nothing. */
export class Recorder {
  #context = new AudioContext();
  #mix = this.#context.createMediaStreamDestination();
  #sources = new Map();
  #media = null;
  #upload = null;
  #url;
  #token;

  constructor({ url, token }) {
    this.#url = url;
    this.#token = token;
  }

  /** Mixes a stream's sound in, in the place of what came from there before. */
  hear(name, stream) {
    const track = stream?.getAudioTracks()[0];
    const known = this.#sources.get(name);
    if (known?.track === track) return;
    known?.node.disconnect();
    this.#sources.delete(name);
    if (!track) return;
    const node = this.#context.createMediaStreamSource(new MediaStream([track]));
    node.connect(this.#mix);
    this.#sources.set(name, { track, node });
  }

  get isOn() {
    return this.#media !== null;
  }

  /** Begins. Browsers let sound begin after a person has pressed something, which they have in order to join. */
  async start() {
    if (this.#media) return;
    await this.#context.resume();
    const media = new MediaRecorder(this.#mix.stream, { mimeType: type, audioBitsPerSecond: BITS_PER_SECOND });
    const upload = new Upload(this.#url, this.#token, media.mimeType || type);
    media.ondataavailable = ({ data }) => upload.add(data);
    media.onstop = () => upload.end();
    upload.onRefused = () => {
      if (this.#media !== media) return;
      this.#media = null;
      media.stop();
      this.onRefused?.();
    };
    this.#media = media;
    this.#upload = upload;
    media.start(SLICE_MS);
  }

  /** Ends, and resolves once all of it is at the server, or cannot come there. */
  async stop() {
    const media = this.#media;
    this.#media = null;
    if (media && media.state !== 'inactive') media.stop();
    await this.#upload?.done;
  }

  /** Sends what there is now: the tab may be about to go. */
  flush() {
    if (this.#media?.state === 'recording') this.#media.requestData();
  }
}

/** Bytes on their way to the server, in order. They are kept until the server says that it has them. */
class Upload {
  #url;
  #headers;
  #type;
  #place = null;
  #offset = 0;
  #held = [];
  #is_ended = false;
  #is_whole = false;
  #is_running = false;
  #settle;
  done = new Promise((resolve) => (this.#settle = resolve));

  constructor(url, token, type) {
    this.#url = url;
    this.#headers = { 'meeting-token': token };
    this.#type = type;
    void this.#run();
  }

  add(blob) {
    if (blob.size > 0) this.#held.push(blob);
    void this.#run();
  }

  end() {
    this.#is_ended = true;
    void this.#run();
  }

  async #run() {
    if (this.#is_running) return;
    this.#is_running = true;
    let patience = 500;
    while (!this.#is_whole && (!this.#place || this.#held.length > 0 || this.#is_ended)) {
      let answer = null;
      try {
        answer = this.#place ? await this.#send() : await this.#begin();
      } catch {
        answer = null;
      }
      if (answer === 'done') {
        patience = 500;
        continue;
      }
      // What the server will not take the next time either is given up.
      if (answer === 'refused') {
        this.#held = [];
        this.#is_whole = true;
        this.onRefused?.();
        break;
      }
      await pause(patience);
      patience = Math.min(patience * 2, MOST_PATIENCE_MS);
    }
    this.#is_running = false;
    if (this.#is_whole) this.#settle();
  }

  async #begin() {
    const answer = await fetch(this.#url, {
      method: 'POST',
      headers: { ...this.#headers, 'content-type': 'application/json' },
      body: JSON.stringify({ content_type: this.#type }),
    });
    if (!answer.ok) return outcomeOf(answer.status);
    const { id } = await answer.json();
    this.#place = `${this.#url}/${id}`;
    return 'done';
  }

  async #send() {
    const parts = [];
    let size = 0;
    for (const blob of this.#held) {
      if (size > 0 && size + blob.size > MOST_BYTES) break;
      parts.push(blob);
      size += blob.size;
    }
    const is_last = this.#is_ended && parts.length === this.#held.length;
    const answer = await fetch(this.#place, {
      method: 'PATCH',
      headers: {
        ...this.#headers,
        'tus-resumable': '1.0.0',
        'content-type': 'application/offset+octet-stream',
        'upload-offset': String(this.#offset),
        ...(is_last ? { 'upload-length': String(this.#offset + size) } : {}),
      },
      body: new Blob(parts),
    });
    const position = Number(answer.headers.get('upload-offset') ?? NaN);
    // Of a request whose answer was lost some may have arrived: the server says where it is.
    if (Number.isFinite(position) && (answer.ok || answer.status === 409)) {
      this.#advance(position);
      if (answer.ok && is_last) this.#is_whole = true;
      return 'done';
    }
    return outcomeOf(answer.status);
  }

  #advance(position) {
    while (this.#offset < position && this.#held.length > 0) {
      const [first] = this.#held;
      const step = Math.min(position - this.#offset, first.size);
      this.#offset += step;
      if (step === first.size) this.#held.shift();
      else this.#held[0] = first.slice(step);
    }
  }
}

function outcomeOf(status) {
  return status >= 400 && status < 500 && status !== 408 && status !== 423 && status !== 429 ? 'refused' : 'later';
}
