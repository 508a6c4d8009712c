import type { Twilio } from 'twilio';
import { guardedFetch } from '../../platform/outbound/index.js';
import type { TelephonyAccount } from './telephony.port.js';

const TIMEOUT_MS = 8_000;
const MOST_BYTES = 8 * 1024 * 1024;
const PUBLIC_API = 'https://api.twilio.com';

/** The package's client for an account. Its requests go by our own way out, to the base URL of the account, and are bounded in time and size. */
export async function makeTwilioClient({ account_sid, auth_token, base_url }: TelephonyAccount): Promise<Twilio> {
  const { default: twilio } = await import('twilio');

  class Requests extends twilio.RequestClient {
    override async request<TData>(wanted: Parameters<InstanceType<typeof twilio.RequestClient>['request']>[0]): Promise<{
      statusCode: number;
      body: TData;
      headers: object;
      toString(): string;
    }> {
      const url = new URL(wanted.uri.startsWith(PUBLIC_API) ? base_url + wanted.uri.slice(PUBLIC_API.length) : wanted.uri);
      for (const [name, value] of Object.entries(wanted.params ?? {})) if (value !== undefined) url.searchParams.set(name, String(value));
      const authorization = `Basic ${Buffer.from(`${account_sid}:${auth_token}`).toString('base64')}`;
      const answer = await guardedFetch(url.href, {
        method: 'GET',
        headers: { accept: 'application/json', authorization },
        timeout_ms: TIMEOUT_MS,
        max_bytes: MOST_BYTES,
        // The base URL is the operator's to name.
        allow_private: true,
      });
      return {
        statusCode: answer.status,
        body: bodyOf(answer.body) as TData,
        headers: answer.headers,
        toString: () => `HTTP ${answer.status}`,
      };
    }
  }

  // Region and edge are named so that the package does not take them from the environment.
  return twilio(account_sid, auth_token, { httpClient: new Requests(), lazyLoading: true, region: '', edge: '', logLevel: 'error' });
}

function bodyOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return {};
  }
}
