/*
 * What stands in for Amazon's media servers: this script in a page of a browser of its own, with one connection to each participant. It mixes what the
 * others of a meeting say for each, and passes their pictures on.
 */
globalThis.mixer = (() => {
  const legs = new Map();
  const context = new AudioContext();

  function open(meeting_id, leg_id) {
    const pc = new RTCPeerConnection();
    const leg = { meeting_id, pc, mix: context.createMediaStreamDestination(), voice: null };
    pc.ontrack = ({ track }) => {
      if (track.kind === 'audio' && leg.voice === null) hear(leg, new MediaStream([track]));
    };
    for (const other of legs.values()) if (other.meeting_id === meeting_id) other.voice?.connect(leg.mix);
    legs.set(leg_id, leg);
    return leg;
  }

  function hear(leg, stream) {
    // Chromium takes sound from afar only where an element plays it too.
    leg.player = Object.assign(new Audio(), { muted: true, srcObject: stream });
    void leg.player.play();
    leg.voice = context.createMediaStreamSource(stream);
    for (const other of legs.values()) if (other !== leg && other.meeting_id === leg.meeting_id) leg.voice.connect(other.mix);
  }

  /** The first section for pictures is the camera's. */
  function cameraOf(leg_id) {
    const sections = legs.get(leg_id)?.pc.getTransceivers() ?? [];
    return sections.find(({ receiver }) => receiver.track.kind === 'video')?.receiver.track ?? null;
  }

  async function attach({ pc, mix }, mids, from) {
    for (const one of pc.getTransceivers()) {
      if (one.mid === null || one.direction === 'stopped') continue;
      const is_sound = one.receiver.track.kind === 'audio';
      const whose = from[mids.indexOf(one.mid)] ?? null;
      if (!is_sound && whose === null) continue;
      await one.sender.replaceTrack(is_sound ? mix.stream.getAudioTracks()[0] : cameraOf(whose));
      one.direction = is_sound ? 'sendrecv' : 'sendonly';
    }
  }

  const midOf = (section) => /^a=mid:(\S+)/m.exec(section)?.[1] ?? '';

  /** Answers an offer; `from` says whose picture each of its sections for pictures is to have, null for none. */
  async function negotiate({ leg_id, meeting_id, sdp, from }) {
    const leg = legs.get(leg_id) ?? open(meeting_id, leg_id);
    const { pc } = leg;
    await pc.setRemoteDescription({ type: 'offer', sdp });
    const offered = sdp.split(/^m=/m).filter((section) => section.startsWith('video'));
    await attach(leg, offered.map(midOf), from);
    await pc.setLocalDescription();
    while (pc.iceGatheringState !== 'complete')
      await new Promise((done) => pc.addEventListener('icegatheringstatechange', done, { once: true }));
    const parts = pc.localDescription.sdp.split(/^(?=m=)/m).map((part) => {
      // As Amazon names them: the library knows by the name which section a stream belongs to.
      const name = `${part.startsWith('m=audio') ? 'a' : 'v'}_${midOf(part)}`;
      return part.replace(/^a=msid:\S+/gm, `a=msid:${name}`).replace(/^(a=ssrc:\d+ msid:)\S+/gm, `$1${name}`);
    });
    const sent = parts.filter((part) => part.startsWith('m=video') && /^a=sendonly/m.test(part));
    return {
      sdp: parts.join(''),
      sections: sent.map((part) => ({ mid: midOf(part), ssrc: Number(/^a=ssrc:(\d+)/m.exec(part)?.[1] ?? 0) })),
    };
  }

  /** What has come from a participant so far. */
  async function heard(leg_id) {
    const stats = [...((await legs.get(leg_id)?.pc.getStats())?.values() ?? [])].filter(({ type }) => type === 'inbound-rtp');
    const sum = (kind, field) => stats.filter((one) => one.kind === kind).reduce((all, one) => all + (one[field] ?? 0), 0);
    return { audio_bytes: sum('audio', 'bytesReceived'), frames: sum('video', 'framesDecoded') };
  }

  function close(leg_id) {
    const leg = legs.get(leg_id);
    legs.delete(leg_id);
    leg?.voice?.disconnect();
    leg?.pc.close();
  }

  return { negotiate, heard, close };
})();
