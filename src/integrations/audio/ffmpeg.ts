import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../platform/errors/index.js';

/** A part of a recording. */
export interface AudioPart {
  readonly path: string;
  /** Where it begins in the whole, in seconds. */
  readonly start_seconds: number;
}

const PROGRAM = 'ffmpeg';
const LIST = 'parts.csv';

/** Cuts recordings by time, by the program `ffmpeg`. */
export class AudioCutter {
  /**
   * Cuts a file into parts of `seconds` each, as speech for a model: one channel, 16 kHz, MP3 of 32 kbit/s. The parts are written into `folder`.
   *
   * @throws FFMPEG_MISSING where the program is not installed
   */
  async cut(path: string, folder: string, seconds: number, signal: AbortSignal): Promise<AudioPart[]> {
    const list = join(folder, LIST);
    const input = ['-nostdin', '-hide_banner', '-loglevel', 'error', '-protocol_whitelist', 'file', '-i', path];
    const speech = ['-vn', '-map', '0:a:0', '-ac', '1', '-ar', '16000', '-c:a', 'libmp3lame', '-b:a', '32k'];
    const parts = ['-f', 'segment', '-segment_time', String(seconds), '-segment_list', list, '-segment_list_type', 'csv'];
    await run([...input, ...speech, ...parts, join(folder, 'part-%04d.mp3')], signal);
    const lines = (await readFile(list, 'utf8')).split('\n').filter(Boolean);
    return lines.map((line) => {
      const [name = '', start = '0'] = line.split(',');
      return { path: join(folder, name), start_seconds: Number(start) };
    });
  }
}

function run(args: readonly string[], signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(PROGRAM, args, { signal, maxBuffer: 1024 * 1024, windowsHide: true }, (error, _stdout, stderr) => {
      if (!error) return resolve();
      if (error.code === 'ENOENT') return reject(new AppError('FFMPEG_MISSING', { cause: error }));
      reject(signal.aborted ? (signal.reason as Error) : new Error(`ffmpeg could not cut the recording: ${stderr.slice(0, 300)}`));
    });
  });
}
