import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { createSecureContext } from 'node:tls';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';
import type { Boot } from './boot.js';
import { Documents } from './documents/index.js';
import { OriginPolicy } from './modules/auth/index.js';
import { type FirstOwner, TenantService } from './modules/tenancy/index.js';
import { migrate, StartError } from './platform/database/index.js';
import { FaultLog, KaiwaExpressAdapter, NestLogBridge, ProblemFilter, requestLog } from './platform/http/index.js';
import { JobRunner } from './platform/jobs/index.js';
import { Metrics, Readiness } from './platform/operation/index.js';
import { KaiwaIoAdapter, onSocketFailure, openCluster, Realtime, SOCKET_PATH } from './platform/realtime/index.js';

/** A server that listens. */
export interface RunningServer {
  readonly port: number;
  /** Where a person on this machine reaches it. */
  readonly url: string;
  /** The default tenant's owner with their password, where this start has made them. */
  readonly first_owner: FirstOwner | null;
  /**
   * Takes its leave: not ready for `notice_ms` (`SHUTDOWN_NOTICE_MS` where none is given) while requests are still served, then what
   * runs is finished and sockets are sent elsewhere. Resolves when everything is closed.
   */
  stop(notice_ms?: number): Promise<void>;
}

/** How long what runs is given to end, and how long that may take together with the notice before it. */
const DRAIN_MS = 12_000;
const NOTICE_AND_DRAIN_MS = 16_000;
/** How long sockets are given to hear that they are sent elsewhere. */
const SEND_AWAY_MS = 1_000;

/** Migrates, builds the application and listens. Several nodes may do so at once. */
export async function startServer({ config, logger }: Boot): Promise<RunningServer> {
  await migrate(config);
  const faults = new FaultLog(logger);
  const adapter = new KaiwaExpressAdapter({
    trust_proxy: config.env.TRUST_PROXY,
    public_url: config.public_url,
    websocket_path: SOCKET_PATH,
    log: (error, request) => faults.ofRequest(error, request),
  });
  const tls = await readTls(config.env.TLS_CERT_FILE, config.env.TLS_KEY_FILE);
  const app = await NestFactory.create<NestExpressApplication>(AppModule.forRoot(config, logger), adapter, {
    logger: new NestLogBridge(logger.child({}, { level: logger.level === 'info' ? 'warn' : logger.level })),
    abortOnError: false,
    bodyParser: false,
    ...(tls ? { httpsOptions: tls } : {}),
  });
  app.useGlobalFilters(new ProblemFilter(adapter.problems));
  const origins = app.get(OriginPolicy);
  adapter.setOriginPolicy(origins);
  adapter.addObserver(requestLog(logger));
  adapter.addObserver(app.get(Metrics));
  onSocketFailure((error, event, request_id) => faults.ofEvent(error, event, request_id));

  const cluster = await openCluster(config, logger);
  app.useWebSocketAdapter(
    new KaiwaIoAdapter(app, { isOriginAllowed: (origin) => origins.isKnown(origin), createClusterAdapter: cluster.createAdapter }),
  );
  app.get(Documents).describe(app);
  await app.init();
  collectGarbage();
  const server = await app.listen(config.env.PORT, config.env.HOST).catch(async (error: NodeJS.ErrnoException) => {
    // What is open already would complain of a database that goes away, beside the one line that matters.
    await app.close();
    await cluster.close();
    if (error.code === 'EADDRINUSE') throw new StartError('PORT: another program listens there; choose another one');
    throw new StartError(`HOST, PORT: this process cannot listen there (${error.code ?? error.message})`);
  });
  // Whoever cannot listen has made nobody: the owner's password is said once, by a start that has succeeded.
  const first_owner = await app.get(TenantService).ensureDefault();
  await app.get(JobRunner).start();

  const { port } = server.address() as AddressInfo;
  const host = /^(0\.0\.0\.0|::)$/.test(config.env.HOST) ? 'localhost' : config.env.HOST;
  const url = config.public_url ?? `${tls ? 'https' : 'http'}://${host}:${port}`;
  const readiness = app.get(Readiness);

  return {
    port,
    url,
    first_owner,
    async stop(notice_ms = config.env.SHUTDOWN_NOTICE_MS) {
      readiness.beginShutdown();
      adapter.beginShutdown();
      // Jobs need no notice, and may take as long to end as requests.
      const [drained] = await Promise.all([
        pause(notice_ms).then(() => adapter.drained(Math.min(DRAIN_MS, NOTICE_AND_DRAIN_MS - notice_ms))),
        app.get(JobRunner).stop(),
      ]);
      if (!drained) logger.warn({ in_flight: adapter.in_flight }, 'requests were still running and are cut off');
      await app.get(Realtime).sendAway(SEND_AWAY_MS);
      adapter.cutConnections();
      await app.close();
      await cluster.close();
    },
  };
}

/**
 * What building the application has left over goes before the first request comes: an idle server is a quarter smaller, for an eighth of a second.
 * Where Node was not started with `--expose-gc` it goes by and by.
 */
function collectGarbage(): void {
  globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

async function readTls(cert_file: string | undefined, key_file: string | undefined): Promise<{ cert: Buffer; key: Buffer } | null> {
  if (!cert_file || !key_file) return null;
  const read = async (name: string, file: string): Promise<Buffer> => {
    try {
      return await readFile(file);
    } catch (error) {
      throw new StartError(`${name}: ${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
    }
  };
  const pair = { cert: await read('TLS_CERT_FILE', cert_file), key: await read('TLS_KEY_FILE', key_file) };
  try {
    createSecureContext(pair);
  } catch (error) {
    throw new StartError(`TLS_CERT_FILE, TLS_KEY_FILE: they are no certificate and key that belong together (${(error as Error).message})`);
  }
  return pair;
}
