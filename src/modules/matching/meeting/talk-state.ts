import type { MeetingState, PersonHere } from './meeting.view.js';
import type { Party } from './party.repository.js';
import { EARLY_MS, phaseOf, type Talk, type TalkRole } from './talk.js';

/** How a meeting stands, for its pages. */
export function stateOf(talk: Talk, parties: readonly Party[]): MeetingState {
  const speaker = parties.find(({ user_id }) => user_id === talk.speaker_id);
  const listener = parties.find(({ user_id }) => user_id === talk.listener_id);
  return {
    phase: phaseOf(talk),
    now: new Date().toISOString(),
    opens_at: new Date(talk.starts_at.getTime() - EARLY_MS).toISOString(),
    starts_at: talk.starts_at.toISOString(),
    ends_at: talk.ends_at.toISOString(),
    people: { speaker: personOf(talk.speaker_name, speaker), listener: personOf(talk.listener_name, listener) },
    recorder: recorderOf(speaker, listener),
    is_recorded: talk.is_recorded,
  };
}

/** The speaker's browser records; the listener's does where that one cannot, or is not there. */
export function recorderOf(speaker: Party | undefined, listener: Party | undefined): TalkRole | null {
  const [can_speaker, can_listener] = [speaker, listener].map((party) => party?.is_here === true && party.can_record);
  // Whoever is alone talks to nobody; a recording that is under way goes on until it ends.
  const are_both = speaker?.is_here === true && listener?.is_here === true;
  if (can_speaker && (are_both || speaker?.is_recording)) return 'speaker';
  if (can_listener && (are_both || listener?.is_recording)) return 'listener';
  return null;
}

function personOf(name: string | null, party: Party | undefined): PersonHere {
  const is_here = party?.is_here ?? false;
  return { name, is_here, tab_id: is_here && party ? party.tab_id : null, is_recording: is_here && party?.is_recording === true };
}
