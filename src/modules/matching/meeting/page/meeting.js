import { Devices } from './devices.js';
import { canRecord, Recorder } from './recorder.js';
import { Remote } from './remote.js';
import { byId, offer, say, show, toast } from './screen.js';
import { io } from './socket.io.esm.min.js';
import { TalkPanel } from './talk-panel.js';
import { dayOf, language, spanOf, timeOf, words } from './words.js';

const BEAT_MS = 10_000;
/** Between the notice of a recording and its beginning. */
const NOTICE_S = 3;
const ACK_MS = 10_000;

const [, base = '', meeting_id = ''] = /^(.*)\/meetings\/([^/]+)\/join\/?$/.exec(location.pathname) ?? [];
const token = new URLSearchParams(location.search).get('token') ?? '';
const tab_id = crypto.getRandomValues(new Uint32Array(2)).join('-');

const socket = io({ auth: { pass: `${meeting_id}.${token}` }, transports: ['websocket', 'polling'], reconnectionDelayMax: 5_000 });
const emit = (event, payload) => socket.timeout(ACK_MS).emitWithAck(event, payload);
const talk = new TalkPanel(emit);
talk.onFault = toast;

const devices = new Devices();
const remote = new Remote({ tab_id, devices, tell: (data) => socket.emit('meeting:signal', { data }, () => undefined) });
remote.onStream = (stream) => recorder?.hear('other', stream);
let me = null;
let state = null;
let recorder = null;
let countdown = null;
/** `before` | `in` | `left` | `gone`: whether this tab is in the talk; `left` may come back, and hears of the end. */
let place = 'before';
let clock_ms = 0;
let was_recording = false;
let provider = 'local';
let may_record = canRecord;
let has_said_none = false;
let has_unread = false;
/** How often the server has told how the talk stands: an answer that was asked for before is older. */
let times_told = 0;
/** Whether the talk's time is another one since this page was opened. */
let has_moved = false;
let is_saving = false;
let is_recorded = false;
let saved = null;

const otherRole = () => (me === 'speaker' ? 'listener' : 'speaker');
const other = () => state.people[otherRole()];
const nameOf = () => other().name ?? words.other;
const now = () => Date.now() + clock_ms;

document.documentElement.lang = language;
start();

function start() {
  document.title = words.title;
  byId('join').textContent = words.join;
  byId('leave').textContent = words.leave;
  byId('self-name').textContent = words.you;
  byId('join').onclick = () => void enter();
  byId('leave').onclick = () => void leave();
  byId('again').onclick = () => location.reload();
  socket.on('connect', () => void (place === 'in' ? enter() : look()));
  socket.on('connect_error', ({ message }) => {
    if (message === 'Unauthorized') return place === 'before' ? say(words.nowhere, words.nowhereText) : void finish('over');
    if (place === 'before' && state === null) say(words.unreachable, words.unreachableText);
  });
  socket.on('disconnect', (reason) => {
    if (place === 'gone') return;
    if (place === 'in') toast(words.lost);
    // Whom the server sends away does not come back by itself.
    if (reason === 'io server disconnect') setTimeout(() => place !== 'gone' && socket.connect(), 2_000);
  });
  socket.on('meeting:people', (next) => {
    times_told += 1;
    apply(next);
  });
  socket.on('meeting:signal', ({ data }) => remote.hear(data));
  socket.on('meeting:message', () => (place === 'in' ? void talk.refresh() : (has_unread = true)));
  socket.on('meeting:ended', (end) => {
    is_recorded = end.is_recorded;
    void finish('over');
  });
  socket.on('meeting:replaced', (heir) => heir.tab_id !== tab_id && void replaced());
  // A word that was lost is made good.
  setInterval(() => void (place === 'in' ? beat() : look()), BEAT_MS);
  setInterval(tick, 1_000);
  addEventListener('online', () => remote.refresh());
  document.addEventListener('visibilitychange', () => (document.hidden ? recorder?.flush() : void keepAwake()));
}

/** How the talk stands, asked while one is not in it. */
async function look() {
  if (place === 'in' || place === 'gone' || !socket.connected) return;
  const told = times_told;
  const answer = await emit('meeting:look', {}).catch(() => null);
  if (!answer?.ok || place === 'in' || place === 'gone') return;
  ({ me, provider } = answer);
  apply(told === times_told ? answer.state : state);
}

function apply(next) {
  const is_moved = state !== null && (state.starts_at !== next.starts_at || state.ends_at !== next.ends_at);
  has_moved ||= is_moved;
  state = next;
  // What was recorded before a talk was moved to another day is nothing of it.
  const is_heard = next.is_recorded || next.people.speaker.is_recording || next.people.listener.is_recording;
  is_recorded = next.phase !== 'early' && (is_recorded || is_heard);
  clock_ms = Date.parse(next.now) - Date.now();
  if (place === 'gone' || me === null) return;
  if (state.phase === 'cancelled') return void finish('cancelled');
  if (state.phase === 'over') return void finish('over');
  document.title = `${words.withName(nameOf())} – Kaiwa`;
  if (place === 'in' && state.phase === 'early') goBack();
  if (place === 'left' && state.phase === 'early') place = 'before';
  if (place === 'left') return;
  if (place === 'before') return showLobby();
  if (is_moved) toast(whenWords());
  byId('stage-title').textContent = words.withName(nameOf());
  if (provider === 'local') {
    remote.meet(other().is_here ? other().tab_id : null, nameOf());
    record();
  }
  showRecording();
}

// Before the talk

function showLobby() {
  if (state.phase === 'early') {
    devices.close();
    return say(has_moved ? words.moved : words.early, words.earlyText(dayOf(state.starts_at), dayOf(state.opens_at)));
  }
  show('lobby');
  byId('lobby-notice').textContent = provider === 'local' ? words.notice : words.chimeText;
  for (const id of ['lobby-devices', 'preview-box']) byId(id).hidden = provider !== 'local';
  byId('lobby-title').textContent = words.withName(nameOf());
  byId('lobby-when').textContent = whenWords();
  byId('lobby-who').textContent = other().is_here ? words.otherHere(nameOf()) : words.otherAway(nameOf());
  if (provider === 'local') void devices.open();
  else if (!byId('join').disabled) byId('join').textContent = words.joinMessages;
}

function whenWords() {
  const when = words.when(dayOf(state.starts_at), timeOf(state.ends_at));
  return has_moved ? words.movedTo(when) : when;
}

/** The talk begins later than it was to: nobody is in it yet. */
function goBack() {
  place = 'before';
  void emit('meeting:leave', { has_left: false }).catch(() => null);
  void release();
}

async function enter() {
  byId('join').disabled = true;
  byId('join').textContent = words.joining;
  const told = times_told;
  remote.wait();
  const answer = await emit('meeting:enter', { tab_id, can_record: may_record }).catch(() => null);
  byId('join').disabled = false;
  byId('join').textContent = provider === 'local' ? devices.joinWords : words.joinMessages;
  if (place === 'left' || place === 'gone') return;
  if (!answer?.ok) {
    if (answer?.code === 'MEETING_CLOSED' || answer?.code === 'MEETING_NOT_FOUND') return void look();
    // The next connection asks again by itself.
    return place === 'in' ? undefined : problemInLobby(answer ? (words.problems[answer.code] ?? words.problem) : words.unreachableText);
  }
  ({ me, provider } = answer);
  place = 'in';
  show('stage');
  byId('toast').hidden = true;
  talk.add(answer.messages);
  if (provider === 'chime') {
    byId('waiting').textContent = `${words.chime}\n\n${words.chimeText}`;
    for (const id of ['self-box', 'mic', 'camera']) byId(id).hidden = true;
    byId('stage').classList.add('words-alone');
    talk.show(true);
  } else {
    remote.open({ polite: me === 'listener', ice_servers: answer.ice_servers });
    if (may_record) recorder ??= makeRecorder();
  }
  void keepAwake();
  apply(told === times_told ? answer.state : state);
  remote.hearEarly(other().tab_id);
  if (has_unread) void talk.refresh();
  has_unread = false;
  remote.refresh();
  tick();
}

function problemInLobby(text) {
  byId('device-problem').textContent = text;
  byId('device-problem').hidden = false;
}

// The recording

/** Records where it is this tab's to do, after both have been told. */
function record() {
  const is_mine = state.recorder === me && recorder !== null;
  if (is_mine && !recorder.isOn && countdown === null) {
    countdown = NOTICE_S;
  } else if (!is_mine) {
    countdown = null;
    if (recorder?.isOn) void stopRecording();
  }
}

function makeRecorder() {
  const made = new Recorder({ url: `${base}/meetings/${meeting_id}/recordings`, token });
  made.hear('me', devices.stream);
  made.hear('other', remote.stream);
  // The server does not take it: the other's browser is to try.
  made.onRefused = () => {
    if (place !== 'in') return;
    may_record = false;
    recorder = null;
    toast(words.recordingOff);
    void enter();
  };
  return made;
}

async function begin() {
  await recorder.start();
  await beat();
  showRecording();
}

/** This tab goes on and may record again: what it has recorded so far is sent to its end. */
async function stopRecording() {
  const ended = recorder;
  recorder = makeRecorder();
  void ended.stop();
  await beat();
}

function showRecording() {
  const is_on = recorder?.isOn || state.people.speaker.is_recording || state.people.listener.is_recording;
  if (!is_on && state.recorder !== null) toast(words.recordingSoon(countdown ?? NOTICE_S));
  if (is_on && !was_recording) toast(words.recordingOn, 4_000);
  if (!is_on && was_recording) toast(words.recordingOff, 4_000);
  if (provider === 'local' && state.recorder === null && other().is_here && !has_said_none) {
    has_said_none = true;
    toast(words.noRecorder);
  }
  was_recording = Boolean(is_on);
  byId('recording').hidden = !is_on;
  byId('recording').textContent = words.recording;
}

// The course of the talk

async function beat() {
  if (place !== 'in' || !socket.connected) return;
  const told = times_told;
  const answer = await emit('meeting:beat', { is_recording: recorder?.isOn ?? false }).catch(() => null);
  if (answer?.ok && told === times_told) apply(answer.state);
  if (answer?.code === 'SEAT_TAKEN' && place === 'in') void enter();
}

function tick() {
  if (!state || place === 'gone') return;
  const [begins, ends] = [Date.parse(state.starts_at), Date.parse(state.ends_at)];
  if (now() >= ends) return void finish('over');
  if (place === 'before') {
    if (state.phase === 'early' && now() >= Date.parse(state.opens_at)) void look();
    return;
  }
  if (place === 'left') return;
  const is_before = now() < begins;
  byId('left-label').textContent = is_before ? words.until : words.left;
  byId('left-time').textContent = spanOf(((is_before ? begins : ends) - now()) / 1_000);
  if (countdown === null) return;
  countdown -= 1;
  if (countdown > 0) return showRecording();
  countdown = null;
  void begin();
}

/** Goes for now; until its end the talk can be joined again. Where both have left it ends, and the page says so. */
async function leave() {
  if (place !== 'in') return;
  await part('left', words.youLeft, words.youLeftText, () => emit('meeting:leave', { has_left: true }).catch(() => null));
  if (place !== 'left') return;
  offer(words.again);
  void look();
}

function finish(phase) {
  if (phase === 'cancelled') return part('gone', words.cancelled, words.cancelledText);
  return part('gone', words.over, is_recorded ? words.overText : words.overUnrecorded);
}

async function replaced() {
  await part('gone', words.replaced, words.replacedText);
  if (byId('message-title').textContent === words.replaced) offer(words.useHere);
}

/** Lets go of everything; what is recorded comes to the server first, and the page says so. */
async function part(next, title, text, goodbye) {
  if (place === 'gone') return;
  place = next;
  is_saving ||= recorder?.isOn ?? false;
  say(title, is_saving ? words.saving : text);
  await goodbye?.();
  await release();
  is_saving = false;
  // Meanwhile it may have ended, or begins another day.
  if (place !== next) return;
  byId('message-text').textContent = text;
  if (next === 'gone') socket.disconnect();
}

/** Lets go of the other, the camera and the microphone; resolves once all that was recorded is at the server, or cannot come there. */
function release() {
  countdown = null;
  was_recording = false;
  saved = Promise.all([saved, recorder?.stop()]);
  recorder = null;
  remote.close();
  devices.close();
  return saved;
}

async function keepAwake() {
  if (place === 'in') await navigator.wakeLock?.request('screen').catch(() => null);
}
