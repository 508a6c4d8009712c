import { Peer } from './peer.js';
import { byId, toast } from './screen.js';
import { words } from './words.js';

/** Signals that are kept until this tab is in: an offer and its candidates are some twenty. */
const MOST_EARLY = 200;

/** The other's picture and sound, and the way to the tab from which they come. */
export class Remote {
  #tab_id;
  #devices;
  #tell;
  #polite = false;
  #ice_servers = [];
  #name = words.other;
  #peer = null;
  /** Which of the other's devices are on, as their page says. */
  #media = null;
  #is_open = false;
  /** What came before this tab knew that it is in. */
  #early = [];
  /** Called with the other's stream; with null where there is none any more. */
  onStream = () => undefined;

  /** `tell` sends the other's page something. */
  constructor({ tab_id, devices, tell }) {
    this.#tab_id = tab_id;
    this.#devices = devices;
    this.#tell = tell;
    byId('remote-off').textContent = words.otherCameraOff;
    byId('remote-mic').textContent = words.otherMicOff;
    byId('unblock').textContent = words.unblock;
    byId('unblock').onclick = () => this.#play();
    devices.onToggle = () => this.#sayMedia();
  }

  /** The other's stream; null where there is no way to them. */
  get stream() {
    return this.#peer?.stream ?? null;
  }

  /** This tab asks to come in: what it was told before was another's. */
  wait() {
    if (!this.#is_open) this.#early = [];
  }

  /** This tab is in. */
  open({ polite, ice_servers }) {
    this.#polite = polite;
    this.#ice_servers = ice_servers;
    this.#is_open = true;
  }

  /** Makes the way to the other's tab, or lets go of it where that is null. */
  meet(other_tab, name) {
    this.#name = name;
    byId('remote-name').textContent = name;
    if (this.#peer && this.#peer.tab_id !== other_tab) {
      this.#letGo();
      if (!other_tab) toast(words.gone(name));
    }
    if (other_tab && !this.#peer) {
      this.#peer = this.#makePeer(other_tab);
      this.#sayMedia();
    }
    this.#show();
  }

  /** Takes what the other's page tells. It may overtake the word that they have come, and the word that this tab is in. */
  hear(told) {
    const { from, to, ...signal } = told;
    if (to !== this.#tab_id) return;
    if (!this.#is_open) return void (this.#early.length < MOST_EARLY && this.#early.push(told));
    if (this.#peer?.tab_id !== from) this.meet(from, this.#name);
    if (!signal.media) return this.#peer.hear(signal);
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
    this.#peer?.refresh();
  }

  /** This tab goes. */
  close() {
    this.#is_open = false;
    this.#letGo();
  }

  #letGo() {
    const had = this.#peer;
    this.#peer = null;
    this.#media = null;
    had?.close();
    this.onStream(null);
    byId('remote').srcObject = null;
    byId('remote-name').hidden = true;
  }

  #makePeer(other_tab) {
    return new Peer({
      tab_id: other_tab,
      polite: this.#polite,
      ice_servers: this.#ice_servers,
      local: this.#devices.stream,
      send: (signal) => this.#send(other_tab, signal),
      onStream: (stream) => {
        if (byId('remote').srcObject !== stream) byId('remote').srcObject = stream;
        this.onStream(stream);
        byId('remote-name').hidden = false;
        this.#play();
        this.#show();
      },
      onState: (stands) => {
        // Said again, where it was lost.
        if (stands === 'connected') this.#sayMedia();
        this.#show();
      },
    });
  }

  /** What is off shows nothing, which must not look as if it were broken. */
  #sayMedia() {
    if (this.#peer) this.#send(this.#peer.tab_id, { media: this.#devices.media });
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
    const is_met = this.#peer?.state === 'connected';
    byId('waiting').hidden = is_met;
    byId('waiting').textContent = this.#peer ? words.connecting(this.#name) : words.waiting(this.#name);
    byId('remote-off').hidden = !is_met || this.#media?.video !== false;
    byId('remote-mic').hidden = !is_met || this.#media?.audio !== false;
    byId('remote').classList.toggle('off', !byId('remote-off').hidden);
  }
}
