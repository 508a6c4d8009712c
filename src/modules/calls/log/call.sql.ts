/** How a time is written on the wire: RFC 3339, UTC, milliseconds. */
const timeSql = (column: string): string => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/** Turns of a call that a list shows; `GET /call` shows all. */
export const LISTED_TURNS = 100;

/** The columns of a turn, as {@link Turn} has them. Needs the alias `t` (call_turns). */
export const TURN_COLUMNS = `t.call_id, t.turn, ${timeSql('t.ts')} as ts, t.user_text, t.ai_text, t.tool_calls`;

const TURN_JSON = `json_build_object('ts', ${timeSql('t.ts')}, 'user_text', t.user_text, 'ai_text', t.ai_text, 'tool_calls', t.tool_calls)`;

const turnsJson = (newest: number | null): string => `(
  select coalesce(json_agg(n.said order by n.turn), '[]') from (
    select t.turn, ${TURN_JSON} as said from call_turns t
    where t.client_id = c.client_id and t.call_id = c.id order by t.turn desc ${newest === null ? '' : `limit ${newest}`}) n)`;

/**
 * A call as JSON, built where the rows are; `newest` bounds how many of its turns it shows. Needs the alias `c` (calls). The length of a
 * call that says none of its own follows from its ends.
 */
export const callJson = (newest: number | null): string => `json_build_object(
  'id', c.id, 'call_sid', c.call_sid, 'phone_number', c.phone_number, 'direction', c.direction, 'status', c.status,
  'started_at', ${timeSql('c.started_at')}, 'ended_at', ${timeSql('c.ended_at')},
  'duration_seconds', coalesce(c.duration_seconds, case when c.ended_at is not null then greatest(0, extract(epoch from c.ended_at - c.started_at))::bigint end),
  'turns', ${turnsJson(newest)}, 'summary', c.summary, 'outcome', c.outcome, 'recording_sid', c.recording_sid,
  'transcript', c.transcript, 'metadata', c.metadata)`;

/** A call that is not over, with somebody outside. */
export const IS_OPEN = `c.status in ('ringing', 'in_progress') and c.phone_key is not null`;

const folded = (text: string): string => `lower(normalize(${text}, NFKC))`;

/** A call with these words, folded as `caseless` does, in what was said or written of it. */
export const SAYS = (words: string): string => `(
  position(${words} in ${folded(`concat_ws(' ', c.phone_number, c.phone_key, c.summary, c.outcome, c.transcript)`)}) > 0
  or exists (select from call_turns t where t.client_id = c.client_id and t.call_id = c.id
              and position(${words} in ${folded(`concat_ws(' ', t.user_text, t.ai_text)`)}) > 0))`;
