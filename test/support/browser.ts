import { existsSync } from 'node:fs';
import { describe } from '@jest/globals';
import { type Browser, chromium } from 'playwright-core';

const PROGRAMS = [process.env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

const program = PROGRAMS.find((path) => path !== undefined && existsSync(path));
if (!program) {
  const words = `No Chromium at ${PROGRAMS.filter(Boolean).join(', ')}: install it, or name it in CHROMIUM_PATH.`;
  if (process.env.CI) throw new Error(words);
  process.stderr.write(`\n!!! NOTHING WAS LOOKED AT. ${words}\n\n`);
}

/** `describe` where there is a browser; where there is none that was said aloud, and failed in CI. */
export const seen = program ? describe : describe.skip;

/** A real browser that reaches nothing but this machine; null where there is none. */
export async function launchBrowser(): Promise<Browser | null> {
  if (!program) return null;
  return chromium.launch({
    executablePath: program,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // Every name but this machine's leads nowhere.
      '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
    ],
  });
}
