import { describe, expect, it } from '@jest/globals';
import { Config, readEnvironment } from '../../../platform/config/index.js';
import { IceServers, TURN_SECONDS } from './ice-servers.js';

const USER = '019ac1f0-7b1e-7c3a-9d5e-0123456789ab';
const AT = Date.UTC(2026, 10, 20, 9, 0, 0, 999);

function serversWith(environment: Record<string, string>): IceServers {
  return new IceServers(new Config(readEnvironment(environment), { url: '', migration_url: '' }, [], [], 'node'));
}

describe('IceServers', () => {
  it('are none where none is configured', () => {
    expect(serversWith({}).of(USER)).toEqual([]);
  });

  it('STUN needs no name', () => {
    expect(serversWith({ STUN_URLS: 'stun:a.example.com, stuns:b.example.com:5349' }).of(USER)).toEqual([
      { urls: ['stun:a.example.com', 'stuns:b.example.com:5349'] },
    ]);
  });

  it("TURN's name says when it ends and whose it is, and its password is the name's HMAC-SHA1", () => {
    const [turn] = serversWith({ TURN_URLS: 'turn:t.example.com?transport=tcp', TURN_SECRET: 'north' }).of(USER, AT);
    expect(turn?.username).toBe(`${Math.floor(AT / 1_000) + TURN_SECONDS}:${USER}`);
    // As `openssl dgst -sha1 -hmac north -binary | base64` makes it of that name.
    expect(turn).toEqual({
      urls: ['turn:t.example.com?transport=tcp'],
      username: `1795186800:${USER}`,
      credential: 'hcITilOXRt8kDBlvlKUFMb/rhmY=',
    });
  });
});
