import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/* What is in a stored sound, by ffmpeg. */

const run = promisify(execFile);

/** How long it lasts, in seconds. */
export async function durationOf(path: string): Promise<number> {
  const { stdout } = await run('ffprobe', ['-v', 'error', '-show_entries', 'format=duration', '-of', 'csv=p=0', path]);
  return Number(stdout.trim());
}

const WINDOW_S = 0.05;
const RATE = 8_000;

/** Where sound begins after silence, in seconds. */
export async function beepsIn(path: string): Promise<number[]> {
  const decode = ['-v', 'error', '-i', path, '-ac', '1', '-ar', String(RATE), '-f', 's16le', '-'];
  const { stdout } = await run('ffmpeg', decode, { encoding: 'buffer', maxBuffer: 64 * 1024 * 1024 });
  const samples = new Int16Array(stdout.buffer, stdout.byteOffset, Math.floor(stdout.length / 2));
  const size = RATE * WINDOW_S;
  const levels = Array.from({ length: Math.floor(samples.length / size) }, (_, index) => {
    const squares = samples.subarray(index * size, (index + 1) * size).reduce((sum, value) => sum + value * value, 0);
    return Math.sqrt(squares / size);
  });
  return levels.flatMap((level, index) => (level > 1_000 && (levels[index - 1] ?? 0) < 1_000 ? [index * WINDOW_S] : []));
}

/** How loud it is around a frequency, in dB. */
export async function loudnessAt(path: string, frequency: number): Promise<number> {
  const band = `bandpass=f=${frequency}:width_type=h:w=40`;
  const { stderr } = await run('ffmpeg', ['-hide_banner', '-i', path, '-af', `${band},${band},volumedetect`, '-f', 'null', '-']);
  return Number(/mean_volume: (-?[\d.]+) dB/.exec(stderr)?.[1]);
}
