import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

interface SigningKey {
  readonly kid: string;
  readonly alg: 'RS256' | 'ES256';
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
}

export interface IdTokenOptions {
  /** Seconds from now; an hour where nothing is said. */
  expires_in?: number;
  /** Signed by a key that the issuer does not publish. */
  forged?: boolean;
}

/** A small OpenID Connect issuer on loopback: its configuration, its keys, and ID tokens such as AWS Cognito signs. */
export class OidcIssuer {
  readonly audience = 'kaiwa-app';
  /** How often its keys were fetched. */
  key_fetches = 0;
  /** While true every request is answered by 500. */
  broken = false;
  private keys: SigningKey[] = [];

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(alg: SigningKey['alg'] = 'RS256'): Promise<OidcIssuer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const issuer = new OidcIssuer(server, `http://127.0.0.1:${port}/pool`);
    await issuer.rotate(alg);
    server.on('request', (request, response) => {
      void issuer.answer(request.url ?? '').then(({ status, body }) => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      });
    });
    return issuer;
  }

  /** Signs by a new key from now on, and publishes that one alone. */
  async rotate(alg: SigningKey['alg'] = 'RS256'): Promise<void> {
    this.keys = [await signingKey(alg)];
  }

  /** An ID token of `claims`, which come before the usual ones. */
  async idToken(claims: JWTPayload, { expires_in = 3_600, forged = false }: IdTokenOptions = {}): Promise<string> {
    const [published] = this.keys as [SigningKey];
    const { alg, kid } = published;
    const { privateKey } = forged ? await signingKey(alg) : published;
    const iat = Math.floor(Date.now() / 1_000);
    const all = { iss: this.url, aud: this.audience, token_use: 'id', iat, exp: iat + expires_in, ...claims };
    return new SignJWT(all).setProtectedHeader({ alg, kid }).sign(privateKey);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(path: string): Promise<{ status: number; body: unknown }> {
    if (this.broken) return { status: 500, body: {} };
    if (path === '/pool/.well-known/openid-configuration') {
      return { status: 200, body: { issuer: this.url, jwks_uri: `${this.url}/keys` } };
    }
    if (path !== '/pool/keys') return { status: 404, body: {} };
    this.key_fetches++;
    const keys = await Promise.all(
      this.keys.map(async ({ kid, alg, publicKey }) => ({ ...(await exportJWK(publicKey)), kid, alg, use: 'sig' })),
    );
    return { status: 200, body: { keys } };
  }
}

async function signingKey(alg: SigningKey['alg']): Promise<SigningKey> {
  return { alg, kid: crypto.randomUUID(), ...(await generateKeyPair(alg)) };
}
