import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { decodeProtectedHeader } from 'jose';
import passport from 'passport';
import { Strategy } from 'passport-jwt';
import { type Role, ROLES } from '../../platform/scope/index.js';
import { TOKEN_ISSUER, type TokenClaims, TokenService } from './token.service.js';

/** What the strategy reads its token from: sockets and requests come by it alike. */
interface TokenCarrier {
  readonly bearer: string;
}

const { Passport } = passport;

/** Passport's name of {@link JwtStrategy}. */
const NAME = 'kaiwa-jwt';

/**
 * Verifies the tokens of this installation: HS256 alone, the key by the header's `kid`, issuer, audience and end. Asked only where the
 * cache of verified tokens does not know a token.
 */
@Injectable()
export class JwtStrategy extends PassportStrategy(Strategy, NAME) {
  declare private own: passport.Authenticator | undefined;

  constructor(tokens: TokenService) {
    super({
      jwtFromRequest: (carrier: unknown) => (carrier as TokenCarrier).bearer,
      secretOrKeyProvider: (_request: unknown, token: string, done: (error: unknown, key?: string | Buffer) => void) => {
        const key = tokens.key(kidOf(token));
        // jsonwebtoken takes a KeyObject; the types of passport-jwt are older than that.
        if (key) done(null, key as unknown as Buffer);
        else done(new Error('The token names no key of ours'));
      },
      algorithms: ['HS256'],
      issuer: TOKEN_ISSUER,
      audience: TOKEN_ISSUER,
    });
  }

  /**
   * A passport of this application's own: the package's is shared by all that run in the process. Asked for while the base class is
   * made.
   */
  getPassportInstance(): passport.Authenticator {
    return (this.own ??= new Passport());
  }

  /** Passport's hook: the claims where they are whole, else false. */
  validate(payload: unknown): TokenClaims | false {
    return isTokenClaims(payload) ? payload : false;
  }

  /** The claims of a token that is valid now, else null. */
  verify(token: string): Promise<TokenClaims | null> {
    return new Promise((resolve, reject) => {
      const carrier: TokenCarrier = { bearer: token };
      const verdict = (error: Error | null | undefined, claims?: TokenClaims | false | null): void => {
        if (error) reject(error);
        else resolve(claims || null);
      };
      const middleware = this.getPassportInstance().authenticate(NAME, { session: false }, verdict) as (...args: unknown[]) => void;
      middleware(carrier, {}, reject);
    });
  }
}

function kidOf(token: string): unknown {
  try {
    return decodeProtectedHeader(token).kid;
  } catch {
    return undefined;
  }
}

function isTokenClaims(payload: unknown): payload is TokenClaims {
  if (typeof payload !== 'object' || payload === null) return false;
  const claims = payload as Record<string, unknown>;
  const texts = ['sub', 'client_id', 'email', 'room_id', 'sid'].every((name) => typeof claims[name] === 'string');
  const since = claims['client_since_ms'];
  return (
    texts &&
    ROLES.includes(claims['role'] as Role) &&
    (since === undefined || typeof since === 'number') &&
    typeof claims['iat'] === 'number' &&
    typeof claims['exp'] === 'number'
  );
}
