import ipaddr from 'ipaddr.js';
import { z } from 'zod';

const flag = z.enum(['true', 'false', '1', '0', 'on', 'off']).transform((value) => value === 'true' || value === '1' || value === 'on');

const wholeNumber = (min: number, max: number): z.ZodType<number, string> =>
  z
    .string()
    .regex(/^\d{1,9}$/, `takes a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((value) => value >= min && value <= max, `takes a whole number from ${min} to ${max}`);

/** A size in bytes. */
const byteCount = (min: number): z.ZodType<number, string> =>
  z
    .string()
    .regex(/^\d{1,15}$/, `takes a number of bytes from ${min}`)
    .transform(Number)
    .refine((value) => value >= min, `takes a number of bytes from ${min}`);

/** Media types such as `image/png`, or `image/*`. */
const mediaTypes = z
  .string()
  .transform((value) =>
    value
      .split(',')
      .map((type) => type.trim().toLowerCase())
      .filter(Boolean),
  )
  .pipe(
    z.array(z.string().regex(/^[a-z0-9][\w.+-]*\/(?:\*|[a-z0-9][\w.+-]*)$/, 'each is a media type such as image/png or image/*')).min(1),
  );

const secretList = z
  .string()
  .transform((value) =>
    value
      .split(',')
      .map((secret) => secret.trim())
      .filter(Boolean),
  )
  .pipe(z.array(z.string().min(16, 'each secret takes at least 16 characters, better 32')).min(1));

const origins = z
  .string()
  .transform((value) =>
    value
      .split(',')
      .map((origin) => origin.trim())
      .filter(Boolean),
  )
  .pipe(z.array(z.string().refine((origin) => origin === '*' || isOrigin(origin), 'each is an origin such as https://app.example.com')));

/** A comma-separated list of ICE servers' addresses (RFC 7064, RFC 7065). */
const iceUrls = (schemes: string, example: string): z.ZodType<string[], string> => {
  const address = new RegExp(`^(?:${schemes}):(?:[A-Za-z0-9.-]+|\\[[0-9A-Fa-f:.]+\\])(?::\\d{1,5})?(?:\\?transport=(?:udp|tcp))?$`);
  return z
    .string()
    .transform((value) =>
      value
        .split(',')
        .map((url) => url.trim())
        .filter(Boolean),
    )
    .pipe(z.array(z.string().regex(address, `each is an address such as ${example}`)).max(10, 'takes at most 10 addresses'));
};

function isOrigin(value: string): boolean {
  try {
    return new URL(value).origin === value;
  } catch {
    return false;
  }
}

/** Networks as `10.1.0.0/16`, comma-separated. */
const networks = z.string().transform((value, context): ReadonlyArray<readonly [string, number]> => {
  const parts = value.split(',').map((part) => part.trim());
  if (parts.every((part) => ipaddr.isValidCIDR(part)))
    return parts.map((part) => [part.slice(0, part.indexOf('/')), Number(part.slice(part.indexOf('/') + 1))]);
  context.addIssue({ code: 'custom', message: 'takes networks such as 10.1.0.0/16, comma-separated' });
  return z.NEVER;
});

/** `off`, `on`, or `<per caller>/<per tenant>` requests a minute. */
const rateLimit = z
  .string()
  .regex(/^(on|off|[1-9]\d{0,6}\/[1-9]\d{0,7})$/, 'takes on, off, or <per caller>/<per tenant> requests a minute, such as 600/12000')
  .transform((value) => {
    if (value === 'off') return null;
    const [caller, tenant] = value === 'on' ? [1_200, 24_000] : value.split('/').map(Number);
    return { caller: caller as number, tenant: tenant as number };
  });

const PROXY_RANGES = new Set(['loopback', 'linklocal', 'uniquelocal']);

function isProxy(part: string): boolean {
  return PROXY_RANGES.has(part) || (part.includes('/') ? ipaddr.isValidCIDR(part) : ipaddr.isValid(part));
}

/** `false`, `true`, a hop count, or addresses and subnets: what Express's `trust proxy` takes. */
const trustProxy = z.string().transform((value, context) => {
  if (value === 'true' || value === 'on') return true;
  if (value === 'false' || value === 'off') return false;
  if (/^\d{1,3}$/.test(value)) return Number(value);
  const parts = value.split(',').map((part) => part.trim());
  if (parts.every(isProxy)) return parts;
  context.addIssue({ code: 'custom', message: 'takes true, false, a number of hops, or addresses and subnets such as 10.0.0.0/8' });
  return z.NEVER;
});

/** A secret of another service's: whatever a header can carry. */
const secretText = z.string().regex(/^[!-~]{1,400}$/, 'takes 1 to 400 visible ASCII characters');

const modelName = z.string().regex(/^[!-~]{1,200}$/, 'takes the name of a model');

/**
 * Every variable that the server reads. The README's table is written from this: name, default, meaning.
 * An empty value counts as unset.
 */
const environmentFields = z.object({
  PORT: wholeNumber(0, 65_535).default(3000),
  HOST: z.string().min(1).default('0.0.0.0'),
  DATA_DIR: z.string().min(1).default('.data'),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'takes a postgresql:// URL')
    .optional(),
  DATABASE_MIGRATION_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'takes a postgresql:// URL')
    .optional(),
  DATABASE_POOL_SIZE: wholeNumber(1, 500).default(10),
  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\//, 'takes a redis:// URL')
    .optional(),
  PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  OPERATOR_KEY: z.string().min(8, 'takes at least 8 characters, better 24').optional(),
  DEFAULT_CLIENT_ID: z
    .string()
    .regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, 'takes a client_id: [a-z0-9][a-z0-9_-]{0,63}')
    .default('default'),
  JWT_SECRET: secretList.optional(),
  ENCRYPTION_KEY: secretList.optional(),
  METRICS_TOKEN: z.string().min(8, 'takes at least 8 characters, better 24').optional(),
  TLS_CERT_FILE: z.string().min(1).optional(),
  TLS_KEY_FILE: z.string().min(1).optional(),
  RATE_LIMIT: rateLimit.default({ caller: 1_200, tenant: 24_000 }),
  CORS_ORIGINS: origins.default([]),
  OUTBOUND_PRIVATE_NETWORKS: networks.default([]),
  TRUST_PROXY: trustProxy.default(false),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  SOCKET_ADAPTER: z.enum(['memory', 'postgres', 'redis']).optional(),
  SHUTDOWN_NOTICE_MS: wholeNumber(0, 10_000).default(3_000),
  JOBS: flag.default(true),
  SMTP_URL: z
    .string()
    .regex(/^smtps?:\/\//, 'takes an smtp:// or smtps:// URL')
    .optional(),
  MAIL_FROM: z
    .string()
    .regex(/^[^@]*<?[^@\s<>]+@[^@\s<>]+>?$/, 'takes an address, such as Kaiwa <no-reply@example.com>')
    .default('Kaiwa <no-reply@localhost>'),
  OPENAI_API_KEY: secretText.optional(),
  OPENAI_BASE_URL: z.url({ protocol: /^https?$/ }).default('https://api.openai.com/v1'),
  OPENAI_MODEL: modelName.default('gpt-5-mini'),
  OPENAI_EMBEDDING_MODEL: modelName.optional(),
  WHISPER_MODEL: modelName.default('whisper-1'),
  ASSISTANT_TIMEOUT_MS: wholeNumber(1_000, 30_000).default(30_000),
  TWILIO_ACCOUNT_SID: z
    .string()
    .regex(/^AC[0-9A-Za-z]{1,62}$/, 'takes an account SID: AC and 32 characters')
    .optional(),
  TWILIO_AUTH_TOKEN: secretText.optional(),
  TWILIO_API_BASE_URL: z.url({ protocol: /^https?$/ }).default('https://api.twilio.com'),
  FILE_MAX_BYTES: byteCount(1).default(100 * 1024 ** 2),
  FILE_TYPES: mediaTypes.optional(),
  STORAGE_QUOTA_BYTES: byteCount(0).default(10 * 1024 ** 3),
  STRIPE_SECRET_KEY: z.string().min(8, "takes Stripe's secret key, sk_…").optional(),
  STRIPE_WEBHOOK_SECRET: z.string().min(8, "takes the webhook's signing secret, whsec_…").optional(),
  STRIPE_API_BASE_URL: z.string().refine(isOrigin, 'takes an origin such as https://api.stripe.com').optional(),
  S3_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  S3_BUCKET: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'takes the name of a bucket: 3 to 63 characters of a-z, 0-9, . and -')
    .optional(),
  S3_REGION: z.string().min(1).default('us-east-1'),
  S3_ACCESS_KEY_ID: z.string().min(1).optional(),
  S3_SECRET_ACCESS_KEY: z.string().min(1).optional(),
  S3_FORCE_PATH_STYLE: flag.optional(),
  STUN_URLS: iceUrls('stuns?', 'stun:stun.example.com:3478').default([]),
  TURN_URLS: iceUrls('turns?', 'turn:turn.example.com:3478?transport=udp').default([]),
  TURN_SECRET: secretText.optional(),
  MEETING_PROVIDER: z.enum(['local', 'chime']).default('local'),
  AWS_ACCESS_KEY_ID: secretText.optional(),
  AWS_SECRET_ACCESS_KEY: secretText.optional(),
  CHIME_REGION: z.string().min(1).default('us-east-1'),
  CHIME_MEDIA_REGION: z.string().min(1).default('ap-northeast-1'),
  CHIME_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
});

export type Environment = z.output<typeof environmentFields>;

/** What variables ask of each other; looked at also where some are wrong by themselves, so that one start tells of everything. */
function checkTogether(environment: Partial<Environment>, context: z.core.$RefinementCtx): void {
  const needs = (name: string, message: string): void => {
    context.addIssue({ code: 'custom', path: [name], message });
  };
  if (environment.DATABASE_URL) {
    if (!environment.JWT_SECRET) needs('JWT_SECRET', 'is required with DATABASE_URL');
    if (!environment.ENCRYPTION_KEY) needs('ENCRYPTION_KEY', 'is required with DATABASE_URL');
  } else if (environment.DATABASE_MIGRATION_URL) {
    needs('DATABASE_MIGRATION_URL', 'goes with DATABASE_URL');
  }
  if (Boolean(environment.TLS_CERT_FILE) !== Boolean(environment.TLS_KEY_FILE)) {
    needs(environment.TLS_CERT_FILE ? 'TLS_KEY_FILE' : 'TLS_CERT_FILE', 'TLS needs both files');
  }
  if (Boolean(environment.TWILIO_ACCOUNT_SID) !== Boolean(environment.TWILIO_AUTH_TOKEN)) {
    needs(environment.TWILIO_ACCOUNT_SID ? 'TWILIO_AUTH_TOKEN' : 'TWILIO_ACCOUNT_SID', 'Twilio needs both');
  }
  if (Boolean(environment.TURN_URLS?.length) !== Boolean(environment.TURN_SECRET)) {
    needs(environment.TURN_SECRET ? 'TURN_URLS' : 'TURN_SECRET', 'TURN needs both');
  }
  if (Boolean(environment.AWS_ACCESS_KEY_ID) !== Boolean(environment.AWS_SECRET_ACCESS_KEY)) {
    needs(environment.AWS_ACCESS_KEY_ID ? 'AWS_SECRET_ACCESS_KEY' : 'AWS_ACCESS_KEY_ID', 'the two go together');
  }
  if (environment.SOCKET_ADAPTER === 'redis' && !environment.REDIS_URL) needs('REDIS_URL', 'is required with SOCKET_ADAPTER=redis');
  if (environment.S3_ENDPOINT && !environment.S3_BUCKET) needs('S3_BUCKET', 'is required with S3_ENDPOINT');
  if (Boolean(environment.S3_ACCESS_KEY_ID) !== Boolean(environment.S3_SECRET_ACCESS_KEY)) {
    needs(environment.S3_ACCESS_KEY_ID ? 'S3_SECRET_ACCESS_KEY' : 'S3_ACCESS_KEY_ID', 'the two go together');
  }
}

const environmentSchema = environmentFields.superRefine(checkTogether, { when: () => true });

/** Thrown at start; one line for each wrong variable. */
export class ConfigurationError extends Error {
  constructor(readonly lines: readonly string[]) {
    super(lines.join('\n'));
    this.name = 'ConfigurationError';
  }
}

/** Reads and checks an environment; throws {@link ConfigurationError} naming every wrong variable at once. */
export function readEnvironment(source: Record<string, string | undefined>): Environment {
  const set = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = environmentSchema.safeParse(set);
  if (parsed.success) return parsed.data;
  throw new ConfigurationError(parsed.error.issues.map((issue) => `${String(issue.path[0] ?? '')}: ${issue.message}`));
}
