import type { WhisperAnswer } from '../../../integrations/llm/index.js';
import type { TranscriptSegment, TranscriptText } from './transcript.repository.js';

/**
 * From this probability on that nobody spoke, words are taken for the model's own: of silence it makes thanks for watching, and the like.
 * It is the model's authors' threshold.
 */
const SILENT_FROM = 0.6;

/** The text of a recording from the answers to its parts: silence left out, times counted from the beginning of the whole. */
export function assemble(parts: ReadonlyArray<{ start_seconds: number; answer: WhisperAnswer }>): TranscriptText {
  const spoken = parts.map(({ start_seconds, answer }) => spokenOf(start_seconds, answer));
  const text = spoken.map(({ words }) => words).join('\n');
  return {
    text: storable(text.replace(/\n{2,}/g, '\n').trim()),
    segments: spoken.flatMap(({ segments }) => segments),
    language: parts.find((_part, index) => spoken[index]?.words !== '')?.answer.language ?? parts[0]?.answer.language ?? null,
  };
}

function spokenOf(start_seconds: number, { text, segments }: WhisperAnswer): { words: string; segments: TranscriptSegment[] } {
  if (segments.length === 0) return { words: text.trim(), segments: [] };
  const spoken = segments.filter(({ no_speech_prob }) => no_speech_prob === null || no_speech_prob < SILENT_FROM);
  return {
    // A segment brings the space before its first word, in languages that have one.
    words: spoken
      .map((segment) => segment.text)
      .join('')
      .trim(),
    segments: spoken.map(({ start, end, text: words }) => ({
      start: rounded(start_seconds + start),
      end: rounded(start_seconds + end),
      text: storable(words.trim()),
    })),
  };
}

function rounded(seconds: number): number {
  return Math.round(seconds * 100) / 100;
}

/** What PostgreSQL can keep of a text that nobody has checked. */
function storable(text: string): string {
  return text.replaceAll('\0', '').toWellFormed();
}
