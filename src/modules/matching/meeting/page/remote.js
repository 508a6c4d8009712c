import { Chime } from './chime.js';
import { Direct } from './direct.js';
import { byId, toast } from './screen.js';
import { words } from './words.js';

/** Who may carry a talk, by the provider's name; each has what {@link Direct} has. */
const CARRIERS = { local: Direct, chime: Chime };

/** Signals that are kept until this tab is in: an offer and its candidates are some twenty. */
const MOST_EARLY = 200;

/** The other's picture and sound, whoever carries them, and what their page tells this one. */
export class Remote {
  #tab_id;
  #devices;
  #tell;
  #carrier = null;
  #name = words.other;
  #other_tab = null;
  /** Which of the other's devices are on, as their page says. */
  #media = null;
  #is_open = false;
  /** Whether the word of this side's devices went out while there was a way. */
  #was_met = false;
  /** What came before this tab knew that it is in. */
  #early = [];
  /** Called with the other's stream; with null where there is none any more. */
  onStream = () => undefined;
  /** Called where this tab has to come in again for the other to be seen. */
  onAgain = () => undefined;

  /** `tell` sends the other's page something. */
  constructor({ tab_id, devices, tell }) {
    this.#tab_id = tab_id;
    this.#devices = devices;
    this.#tell = tell;
    byId('remote-off').textContent = words.otherCameraOff;
    byId('remote-mic').textContent = words.otherMicOff;
    byId('unblock').textContent = words.unblock;
    byId('unblock').onclick = () => this.#play();
    byId('retry').textContent = words.retry;
    byId('retry').onclick = () => this.onAgain();
    devices.onToggle = () => {
      this.#sayMedia();
      this.#carrier?.toggled();
    };
  }

  /** The other's stream; null where there is no way to them. */
  get stream() {
    return this.#carrier?.stream ?? null;
  }

  /** This tab asks to come in: what it was told before was another's. */
  wait() {
    if (!this.#is_open) this.#early = [];
  }

  /** This tab is in; `entered` is what the server answers to that. */
  open(entered) {
    this.#carrier ??= new CARRIERS[entered.provider]({
      devices: this.#devices,
      send: (signal) => this.#send(this.#other_tab, signal),
      onStream: (stream) => this.#hear(stream),
      onState: () => this.#show(),
      onAgain: () => this.onAgain(),
    });
    this.#is_open = true;
    this.#carrier.open(entered);
  }

  /** Makes the way to the other's tab, or lets go of it where that is null. */
  meet(other_tab, name) {
    this.#name = name;
    byId('remote-name').textContent = name;
    if (this.#other_tab && this.#other_tab !== other_tab) {
      this.#letGo();
      if (!other_tab) toast(words.gone(name));
    }
    if (other_tab && !this.#other_tab) {
      this.#other_tab = other_tab;
      this.#carrier.meet(other_tab);
      this.#sayMedia();
    }
    this.#show();
  }

  /** Takes what the other's page tells. It may overtake the word that they have come, and the word that this tab is in. */
  hear(told) {
    const { from, to, ...signal } = told;
    if (to !== this.#tab_id) return;
    if (!this.#is_open) return void (this.#early.length < MOST_EARLY && this.#early.push(told));
    if (this.#other_tab !== from) this.meet(from, this.#name);
    if (!signal.media) return this.#carrier.hear(signal);
    this.#media = signal.media;
    this.#show();
  }

  /** Takes what has come early, but for what an older tab of the other's has sent. */
  hearEarly(other_tab) {
    const heard = this.#early;
    this.#early = [];
    const from = other_tab ?? heard.at(-1)?.from;
    for (const told of heard) if (told.from === from) this.hear(told);
  }

  /** Tries anew what is not connected. */
  refresh() {
    this.#carrier?.refresh();
  }

  /** This tab goes. */
  close() {
    this.#is_open = false;
    this.#letGo();
    this.#carrier?.close();
  }

  #letGo() {
    this.#other_tab = null;
    this.#media = null;
    this.#was_met = false;
    this.#carrier?.meet(null);
    this.onStream(null);
    byId('remote').srcObject = null;
    byId('remote-name').hidden = true;
  }

  #hear(stream) {
    if (byId('remote').srcObject !== stream) byId('remote').srcObject = stream;
    this.onStream(stream);
    byId('remote-name').hidden = false;
    this.#play();
    this.#show();
  }

  /** What is off shows nothing, which must not look as if it were broken. */
  #sayMedia() {
    if (this.#other_tab) this.#send(this.#other_tab, { media: this.#devices.media });
  }

  #send(to, signal) {
    this.#tell({ ...signal, from: this.#tab_id, to });
  }

  #play() {
    const playing = byId('remote').play();
    playing?.then(
      () => (byId('unblock').hidden = true),
      ({ name }) => (byId('unblock').hidden = name !== 'NotAllowedError'),
    );
  }

  #show() {
    const is_met = this.#other_tab !== null && this.#carrier.is_met;
    const trouble = this.#carrier?.trouble ?? null;
    // Said again, where it was lost.
    if (is_met && !this.#was_met) this.#sayMedia();
    this.#was_met = is_met;
    byId('waiting').hidden = is_met;
    byId('waiting').textContent = trouble ?? (this.#other_tab ? words.connecting(this.#name) : words.waiting(this.#name));
    byId('retry').hidden = trouble === null;
    byId('remote-off').hidden = !is_met || this.#media?.video !== false;
    byId('remote-mic').hidden = !is_met || this.#media?.audio !== false;
    byId('remote').classList.toggle('off', !byId('remote-off').hidden);
  }
}
