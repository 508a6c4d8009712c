import { describe, expect, it } from '@jest/globals';
import { ConfigurationError, readEnvironment } from './config.schema.js';

const linesOf = (source: Record<string, string>): readonly string[] => {
  try {
    readEnvironment(source);
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.lines;
    throw error;
  }
};

const DATABASE = { DATABASE_URL: 'postgresql://localhost/kaiwa', JWT_SECRET: 'x'.repeat(32), ENCRYPTION_KEY: 'y'.repeat(32) };

describe('readEnvironment', () => {
  it('needs nothing, and takes an empty value for none', () => {
    expect(readEnvironment({})).toMatchObject({ PORT: 3000, HOST: '0.0.0.0', DATA_DIR: '.data', TRUST_PROXY: false, JOBS: true });
    expect(readEnvironment({ PORT: '', LOG_LEVEL: '' })).toMatchObject({ PORT: 3000, LOG_LEVEL: 'info' });
  });

  it('names every wrong variable at once, each in one line', () => {
    const wrong = {
      PORT: 'abc',
      DATABASE_POOL_SIZE: '0',
      LOG_LEVEL: 'loud',
      TRUST_PROXY: 'maybe',
      CORS_ORIGINS: 'https://good.example,https://bad.example/path',
      PUBLIC_URL: 'ftp://example.com',
      DEFAULT_CLIENT_ID: 'No Spaces',
      RATE_LIMIT: 'sometimes',
      REDIS_URL: 'http://localhost',
      MAIL_FROM: 'nobody',
      OPERATOR_KEY: 'short',
      FILE_MAX_BYTES: '100 MB',
      FILE_TYPES: 'pictures',
      STORAGE_QUOTA_BYTES: '-1',
      S3_ENDPOINT: 'minio:9000',
      S3_BUCKET: 'No_Bucket',
      S3_FORCE_PATH_STYLE: 'perhaps',
      JWT_SECRET: 'short',
      SHUTDOWN_NOTICE_MS: '10001',
    };
    const lines = linesOf(wrong);
    expect(lines.map((line) => line.split(':')[0]).sort()).toEqual(Object.keys(wrong).sort());
    for (const line of lines) expect(line).not.toContain('\n');
  });

  it.each(['true', 'false', '2', 'loopback', '10.0.0.0/8, 192.0.2.7', '2001:db8::/32'])('takes TRUST_PROXY=%s', (value) => {
    expect(linesOf({ TRUST_PROXY: value })).toEqual([]);
  });

  it('asks for what goes together', () => {
    expect(linesOf({ DATABASE_URL: DATABASE.DATABASE_URL })).toEqual([
      'JWT_SECRET: is required with DATABASE_URL',
      'ENCRYPTION_KEY: is required with DATABASE_URL',
    ]);
    expect(linesOf(DATABASE)).toEqual([]);
    expect(
      linesOf({ DATABASE_URL: DATABASE.DATABASE_URL, LOG_LEVEL: 'loud', TURN_URLS: 'nowhere' }).map((line) => line.split(':')[0]),
    ).toEqual(['LOG_LEVEL', 'TURN_URLS', 'JWT_SECRET', 'ENCRYPTION_KEY', 'TURN_SECRET']);
    expect(linesOf({ TLS_CERT_FILE: 'cert.pem' })).toEqual(['TLS_KEY_FILE: TLS needs both files']);
    expect(linesOf({ S3_ENDPOINT: 'http://localhost:9000' })).toEqual(['S3_BUCKET: is required with S3_ENDPOINT']);
    expect(linesOf({ S3_BUCKET: 'files', S3_ACCESS_KEY_ID: 'key' })).toEqual(['S3_SECRET_ACCESS_KEY: the two go together']);
    expect(linesOf({ SOCKET_ADAPTER: 'redis' })).toEqual(['REDIS_URL: is required with SOCKET_ADAPTER=redis']);
    expect(linesOf({ TURN_URLS: 'turn:turn.example.com' })).toEqual(['TURN_SECRET: TURN needs both']);
    expect(linesOf({ TURN_SECRET: 'north' })).toEqual(['TURN_URLS: TURN needs both']);
  });

  it.each([
    ['STUN_URLS', 'stun:stun.example.com', true],
    ['STUN_URLS', 'stun:192.0.2.7:3478, stuns:[2001:db8::7]:5349', true],
    ['STUN_URLS', 'stun.example.com:3478', false],
    ['STUN_URLS', 'turn:turn.example.com', false],
    ['TURN_URLS', 'turn:turn.example.com:3478?transport=udp, turns:turn.example.com:443?transport=tcp', true],
    ['TURN_URLS', 'turn:turn.example.com?transport=sctp', false],
    ['TURN_URLS', 'https://turn.example.com', false],
    ['TURN_URLS', Array(11).fill('turn:turn.example.com').join(), false],
  ])('%s=%s: %p', (name, value, is_right) => {
    const lines = linesOf({ TURN_URLS: 'turn:turn.example.com', TURN_SECRET: 'north', [name]: value });
    expect(lines.length === 0).toBe(is_right);
    expect(lines.filter((line) => !line.startsWith(`${name}: `))).toEqual([]);
  });

  it('keeps lists of secrets in their order, and limits as numbers', () => {
    const [first, second] = ['a'.repeat(32), 'b'.repeat(32)];
    expect(readEnvironment({ JWT_SECRET: `${first}, ${second}` }).JWT_SECRET).toEqual([first, second]);
    expect(readEnvironment({ RATE_LIMIT: '600/12000' }).RATE_LIMIT).toEqual({ caller: 600, tenant: 12_000 });
    expect(readEnvironment({ RATE_LIMIT: 'off' }).RATE_LIMIT).toBeNull();
  });
});
