import { Peer } from './peer.js';

/** A talk that the two browsers carry themselves: a way from this tab to each tab of the other's that comes. */
export class Direct {
  #devices;
  #send;
  #onStream;
  #onState;
  #polite = false;
  #ice_servers = [];
  #peer = null;
  /** Nothing here is worth a word of its own: what is not connected is tried again and again. */
  trouble = null;

  /** As every carrier: `send` tells the other's page something; `onStream` has their stream, and `onState` says that something is different. */
  constructor({ devices, send, onStream, onState }) {
    this.#devices = devices;
    this.#send = send;
    this.#onStream = onStream;
    this.#onState = onState;
  }

  /** The other's stream; null where there is no way to them. */
  get stream() {
    return this.#peer?.stream ?? null;
  }

  /** Whether the other's picture and sound come. */
  get is_met() {
    return this.#peer?.state === 'connected';
  }

  /** This tab is in; `entered` is what the server answers to that. */
  open({ me, ice_servers }) {
    this.#polite = me === 'listener';
    this.#ice_servers = ice_servers;
  }

  /** The other's tab is this one; null where they are not there. */
  meet(other_tab) {
    this.#peer?.close();
    this.#peer = other_tab === null ? null : this.#makePeer(other_tab);
  }

  /** What the other's page tells this one. */
  hear(signal) {
    this.#peer?.hear(signal);
  }

  /** This side's camera or microphone was turned off or on: what goes out is silent and dark by itself. */
  toggled() {}

  /** Tries anew what is not connected. */
  refresh() {
    this.#peer?.refresh();
  }

  /** This tab goes. */
  close() {
    this.meet(null);
  }

  #makePeer(other_tab) {
    return new Peer({
      tab_id: other_tab,
      polite: this.#polite,
      ice_servers: this.#ice_servers,
      local: this.#devices.stream,
      send: this.#send,
      onStream: this.#onStream,
      onState: this.#onState,
    });
  }
}
