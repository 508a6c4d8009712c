import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';

/* Writes test/snapshots anew, from the server as it is built: `npm run snapshots`. */

const { status } = spawnSync(
  process.execPath,
  ['--disable-warning=ExperimentalWarning', '--experimental-vm-modules', 'node_modules/jest/bin/jest.js', '--config', '.config/jest.config.js', 'test/snapshots'],
  { cwd: resolve(import.meta.dirname, '../..'), stdio: 'inherit', env: { ...process.env, UPDATE_SNAPSHOTS: '1' } },
);
process.exit(status ?? 1);
