import { byId } from './screen.js';
import { words } from './words.js';

const SOUND = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
const PICTURE = { width: { ideal: 960 }, height: { ideal: 720 }, facingMode: 'user' };

/** This side's camera and microphone, with the buttons that turn them off and on. */
export class Devices {
  #is_wanted = false;
  stream = new MediaStream();
  /** Called when one of them is turned off or on. */
  onToggle = () => undefined;

  constructor() {
    for (const id of ['mic', 'lobby-mic']) byId(id).onclick = () => this.#toggle('audio');
    for (const id of ['camera', 'lobby-camera']) byId(id).onclick = () => this.#toggle('video');
  }

  /** Asks for them, once, and shows what there is. */
  async open() {
    if (this.#is_wanted) return;
    this.#is_wanted = true;
    const { stream, problem } = await openStream();
    // They are asked for no longer: nothing is to stay on.
    if (!this.#is_wanted) return stop(stream);
    this.stream = stream;
    byId('device-problem').textContent = problem ?? '';
    byId('device-problem').hidden = problem === null;
    byId('join').textContent = this.joinWords;
    for (const id of ['preview', 'self']) byId(id).srcObject = stream;
    byId('preview-note').textContent = stream.getVideoTracks().length > 0 ? '' : words.noCamera;
    this.#label();
  }

  /** Turns them off, until they are asked for again. */
  close() {
    this.#is_wanted = false;
    stop(this.stream);
    this.stream = new MediaStream();
  }

  /** What the button says by which one joins. */
  get joinWords() {
    return this.stream.getAudioTracks().length > 0 ? words.join : words.joinAnyway;
  }

  /** Which of them are on, for the other's page. */
  get media() {
    const is_on = (kind) => this.stream.getTracks().some((track) => track.kind === kind && track.enabled);
    return { audio: is_on('audio'), video: is_on('video') };
  }

  #toggle(kind) {
    for (const track of this.stream.getTracks()) if (track.kind === kind) track.enabled = !track.enabled;
    this.#label();
    this.onToggle();
  }

  #label() {
    const mic = this.#labelOf('audio', words.micOn, words.micOff, words.micOff);
    const camera = this.#labelOf('video', words.cameraOn, words.cameraOff, words.noCamera);
    for (const [ids, { text, is_off, is_absent }] of [
      [['mic', 'lobby-mic'], mic],
      [['camera', 'lobby-camera'], camera],
    ]) {
      for (const id of ids) {
        byId(id).textContent = text;
        byId(id).classList.toggle('off', is_off);
        byId(id).disabled = is_absent;
      }
    }
  }

  #labelOf(kind, on, off, none) {
    const track = this.stream.getTracks().find((one) => one.kind === kind);
    return { text: !track ? none : track.enabled ? on : off, is_off: !track?.enabled, is_absent: !track };
  }
}

async function openStream() {
  if (!navigator.mediaDevices) return { stream: new MediaStream(), problem: words.insecure };
  try {
    return { stream: await navigator.mediaDevices.getUserMedia({ audio: SOUND, video: PICTURE }), problem: null };
  } catch (error) {
    const voice = await navigator.mediaDevices.getUserMedia({ audio: SOUND }).catch(() => null);
    return { stream: voice ?? new MediaStream(), problem: voice ? words.deniedCamera : problemOf(error) };
  }
}

function stop(stream) {
  for (const track of stream.getTracks()) track.stop();
}

function problemOf({ name }) {
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return words.noDevice;
  return name === 'NotReadableError' || name === 'AbortError' ? words.busyDevice : words.denied;
}
