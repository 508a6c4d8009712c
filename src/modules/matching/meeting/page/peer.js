/** How long a connection may be broken, or not come about, before it is tried anew; the two sides wait differently long, so that they do not do it at once. */
const PATIENCE_MS = { polite: 17_000, impolite: 10_000 };

/** Candidates that are kept until there is a description that they belong to. */
const MOST_CANDIDATES = 100;

/**
 * The way to the other's tab, by the pattern of perfect negotiation (WebRTC 1.0, section 10.7): either side may offer at any time, and where both
 * do at once the polite one takes its offer back. The first offer is the impolite one's to make: of one that is taken back at once, Chromium may never
 * look for candidates again.
 */
export class Peer {
  #pc;
  #polite;
  #send;
  #is_offering = false;
  #ignores = false;
  #timer = null;
  #waiting = [];
  #candidates = [];
  /** The other's tab, by the name that it gave itself. */
  tab_id;
  stream = new MediaStream();

  constructor({ tab_id, polite, ice_servers, local, send, onStream, onState }) {
    this.tab_id = tab_id;
    this.#polite = polite;
    this.#send = send;
    const pc = new RTCPeerConnection({ iceServers: ice_servers });
    this.#pc = pc;
    for (const kind of ['audio', 'video']) {
      const track = local.getTracks().find((one) => one.kind === kind);
      // Whoever has no camera still sees the other.
      if (track) pc.addTrack(track, local);
      else pc.addTransceiver(kind, { direction: 'recvonly' });
    }
    pc.ontrack = ({ track }) => {
      for (const old of this.stream.getTracks()) if (old.kind === track.kind) this.stream.removeTrack(old);
      this.stream.addTrack(track);
      onStream(this.stream);
      track.onunmute = () => onStream(this.stream);
      track.onmute = () => onStream(this.stream);
    };
    pc.onicecandidate = ({ candidate }) => candidate && send({ candidate });
    pc.onnegotiationneeded = () => this.#offer();
    pc.onconnectionstatechange = () => onState(pc.connectionState);
    this.#timer = setInterval(() => this.refresh(), PATIENCE_MS[polite ? 'polite' : 'impolite']);
  }

  get state() {
    return this.#pc.connectionState;
  }

  /** Takes what the other's browser tells, one thing after another. */
  hear(data) {
    this.#waiting.push(data);
    if (this.#waiting.length === 1) void this.#work();
  }

  /** Tries anew what is not connected: the network is another one, or something that was told has been lost. */
  refresh() {
    const pc = this.#pc;
    if (pc.connectionState === 'connected') return;
    if (pc.signalingState === 'have-local-offer') this.#send({ description: pc.localDescription });
    else if (pc.remoteDescription) pc.restartIce();
  }

  close() {
    clearInterval(this.#timer);
    this.#pc.onconnectionstatechange = null;
    this.#pc.close();
  }

  async #work() {
    while (this.#waiting.length > 0) {
      try {
        await this.#take(this.#waiting[0]);
      } catch (error) {
        if (!this.#ignores) console.warn('A signal could not be used', error);
      }
      this.#waiting.shift();
    }
  }

  async #take({ description, candidate }) {
    const pc = this.#pc;
    if (description) {
      const collides = description.type === 'offer' && (this.#is_offering || pc.signalingState !== 'stable');
      this.#ignores = !this.#polite && collides;
      if (this.#ignores) return;
      await pc.setRemoteDescription(description);
      if (description.type === 'offer') {
        await pc.setLocalDescription();
        this.#send({ description: pc.localDescription });
      }
      for (const early of this.#candidates.splice(0)) await pc.addIceCandidate(early).catch(() => undefined);
    } else if (candidate && !pc.remoteDescription) {
      if (this.#candidates.length < MOST_CANDIDATES) this.#candidates.push(candidate);
    } else if (candidate) {
      await pc.addIceCandidate(candidate);
    }
  }

  async #offer() {
    if (this.#polite && !this.#pc.remoteDescription) return;
    try {
      this.#is_offering = true;
      await this.#pc.setLocalDescription();
      this.#send({ description: this.#pc.localDescription });
    } catch (error) {
      console.warn('An offer could not be made', error);
    } finally {
      this.#is_offering = false;
    }
  }
}
