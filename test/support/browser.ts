import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const PROGRAMS = [process.env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

const program = PROGRAMS.find((path) => path !== undefined && existsSync(path));

/** A camera that shows a clock and a microphone that beeps once a second, both granted, and two pages of one machine that reach each other. */
export const FAKE_DEVICES = [
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  '--allow-loopback-in-peer-connection',
  '--autoplay-policy=user-gesture-required',
];

/** A real browser that reaches nothing but this machine; `flags` are added to its own. Where there is none the suite fails: it must not pass for having looked. */
export async function launchBrowser(flags: readonly string[] = []): Promise<Browser> {
  if (!program) throw new Error(`No Chromium at ${PROGRAMS.filter(Boolean).join(', ')}: install it, or name it in CHROMIUM_PATH`);
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
      ...flags,
    ],
  });
}
