import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, makeTenant, makeUser, operatorOf, type TestUser, uniqueName } from '../support/client.js';
import { startServer, type TestServer } from '../support/server.js';

const PORT = 20_000 + Math.floor(Math.random() * 20_000);
const COGNITO = `http://127.0.0.1:${PORT}`;
const PASSWORD = 'Passw0rd-horse-7';
/** npx may have to fetch the package first. */
const START_TIMEOUT_MS = 180_000;

interface Tokens {
  IdToken: string;
  AccessToken: string;
}

/**
 * The tokens of AWS Cognito, as cognito-local makes them. Not a part of `npm test`, because it fetches that package: run it by
 * `npm run test:cognito`.
 */
describe('AWS Cognito', () => {
  let folder: string;
  let cognito: ChildProcess;
  let server: TestServer;
  let owner: TestUser;
  let pool_id: string;
  let app_id: string;

  const call = async <T>(action: string, input: object): Promise<T> => {
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `AWSCognitoIdentityProviderService.${action}` };
    const response = await fetch(COGNITO, { method: 'POST', headers, body: JSON.stringify(input) });
    if (!response.ok) throw new Error(`${action}: ${await response.text()}`);
    return (await response.json()) as T;
  };
  /** Makes a person in the pool and signs them in. */
  const signInAtCognito = async (email: string, tenant: string): Promise<Tokens> => {
    const UserAttributes = [
      { Name: 'email', Value: email },
      { Name: 'email_verified', Value: 'true' },
      { Name: 'custom:tenant_id', Value: tenant },
    ];
    await call('AdminCreateUser', { UserPoolId: pool_id, Username: email, MessageAction: 'SUPPRESS', UserAttributes });
    await call('AdminSetUserPassword', { UserPoolId: pool_id, Username: email, Password: PASSWORD, Permanent: true });
    const AuthParameters = { USERNAME: email, PASSWORD };
    const { AuthenticationResult } = await call<{ AuthenticationResult: Tokens }>('InitiateAuth', {
      ClientId: app_id,
      AuthFlow: 'USER_PASSWORD_AUTH',
      AuthParameters,
    });
    return AuthenticationResult;
  };
  const ask = (token: string): Promise<{ status: number; body: Record<string, unknown> }> =>
    server.api('/getUserInfo', { headers: { authorization: `Bearer ${token}` } });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kaiwa-cognito-'));
    await mkdir(join(folder, '.cognito'));
    await writeFile(join(folder, '.cognito', 'config.json'), JSON.stringify({ TokenConfig: { IssuerDomain: COGNITO } }));
    cognito = spawn('npx', ['-y', 'cognito-local@5.3.0'], {
      cwd: folder,
      env: { ...process.env, PORT: String(PORT), HOST: '127.0.0.1' },
      stdio: 'ignore',
      detached: true,
    });
    await eventually(
      () =>
        fetch(`${COGNITO}/health`).then(
          () => true,
          () => false,
        ),
      Boolean,
      START_TIMEOUT_MS,
    );
    const { UserPool } = await call<{ UserPool: { Id: string } }>('CreateUserPool', { PoolName: 'kaiwa', UsernameAttributes: ['email'] });
    pool_id = UserPool.Id;
    const { UserPoolClient } = await call<{ UserPoolClient: { ClientId: string } }>('CreateUserPoolClient', {
      UserPoolId: pool_id,
      ClientName: 'app',
      ExplicitAuthFlows: ['ALLOW_USER_PASSWORD_AUTH'],
    });
    app_id = UserPoolClient.ClientId;
    server = await startServer();
    owner = await makeTenant(server.api);
    const json = { oidc: { issuer: `${COGNITO}/${pool_id}`, audience: [app_id] } };
    expect((await operatorOf(server.api)(`/tenants/${owner.client_id}`, { method: 'PATCH', json })).status).toBe(200);
  }, START_TIMEOUT_MS + 30_000);

  afterAll(async () => {
    await server?.stop();
    // The process that npx started is of its group.
    if (cognito?.pid) process.kill(-cognito.pid, 'SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });

  it('signs new people in as members', async () => {
    const email = `${uniqueName('hanako')}@example.com`;
    const { IdToken } = await signInAtCognito(email, owner.client_id);
    expect(await ask(IdToken)).toMatchObject({ status: 200, body: { email } });
  });

  it('signs people in to the local account that has their email', async () => {
    const local = await makeUser(server.api, { client_id: owner.client_id });
    const { IdToken } = await signInAtCognito(local.email, owner.client_id);
    expect(await ask(IdToken)).toMatchObject({ status: 200, body: { id: local.id, username: local.username } });
  });

  it('signs nobody in by an access token, nor to another tenant', async () => {
    const tokens = await signInAtCognito(`${uniqueName('taro')}@example.com`, owner.client_id);
    expect((await ask(tokens.AccessToken)).status).toBe(401);
    const other = await makeTenant(server.api);
    const { IdToken } = await signInAtCognito(`${uniqueName('taro')}@example.com`, other.client_id);
    expect((await ask(IdToken)).status).toBe(401);
  });
});
