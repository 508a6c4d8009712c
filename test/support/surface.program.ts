import 'reflect-metadata';
import { NestFactory, MetadataScanner, ModulesContainer } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';

type AppFloor = typeof import('../../src/app.module.js');
type BootFloor = typeof import('../../src/boot.js');
type DocumentsFloor = typeof import('../../src/documents/index.js');
type HttpFloor = typeof import('../../src/platform/http/index.js');
type JobsFloor = typeof import('../../src/platform/jobs/index.js');
type RealtimeFloor = typeof import('../../src/platform/realtime/index.js');

/*
 * Builds the application as the server does, without listening, and prints what it has registered as JSON: the authoritative list that the
 * sweeps go by, whatever the documents say. A program of its own, so that nothing of the tests' is in between.
 */

const { AppModule } = await built<AppFloor>('app.module.js');
const { loadConfig } = await built<BootFloor>('boot.js');
const { SERVER_EVENTS } = await built<DocumentsFloor>('documents/index.js');
const { accessOf, KaiwaExpressAdapter, NestLogBridge, NO_IDEMPOTENCY, UNLIMITED } = await built<HttpFloor>('platform/http/index.js');
const { Jobs } = await built<JobsFloor>('platform/jobs/index.js');
const { describeSocketEvents } = await built<RealtimeFloor>('platform/realtime/index.js');

const { config, logger } = await loadConfig();
const adapter = new KaiwaExpressAdapter();
const app = await NestFactory.create<NestExpressApplication>(AppModule.forRoot(config, logger), adapter, {
  logger: new NestLogBridge(logger),
  abortOnError: false,
  bodyParser: false,
});
await app.init();

const routes = adapter.routes.map(({ method, path, handler }) => ({
  method,
  path,
  // Nest calls it by the class and the method.
  name: handler.name.split('.').at(-1) ?? '',
  access: accessOf(handler) ?? null,
  takes_key: method === 'POST' && Reflect.getMetadata(NO_IDEMPOTENCY, handler) !== true,
  is_limited: Reflect.getMetadata(UNLIMITED, handler) !== true,
}));

const jobs = app.get(Jobs);
const periodic = new Set(jobs.timetable.map(({ name }) => name));
const defined = [...jobs.defined].map(({ name, scope }) => ({ name, scope, is_periodic: periodic.has(name) }));

await app.close();
process.stdout.write(`\n${JSON.stringify({ routes, jobs: defined, events: events(), sent: SERVER_EVENTS.map(({ name }) => name) })}\n`);
process.exit();

/** Every method that any gateway subscribes, whether or not it came by `@SocketEvent`. */
function events(): Array<{ gateway: string; name: string; body: string | null }> {
  const scanner = new MetadataScanner();
  const classes = new Set(
    [...app.get(ModulesContainer).values()].flatMap(({ providers }) => [...providers.values()].map(({ metatype }) => metatype)),
  );
  const gateways = [...classes].filter((type) => typeof type === 'function' && Reflect.hasMetadata('websockets:is_gateway', type));
  return gateways.flatMap((type) => {
    const gateway = type as new () => object;
    const described = describeSocketEvents(gateway);
    const prototype = gateway.prototype as Record<string, object>;
    const names = scanner
      .getAllMethodNames(prototype)
      .flatMap((key) => (Reflect.getMetadata('message', prototype[key] as object) as string | undefined) ?? []);
    return names.map((name) => ({ gateway: gateway.name, name, body: described.find((one) => one.name === name)?.body.name ?? null }));
  });
}

async function built<T>(path: string): Promise<T> {
  return (await import(new URL(`../../dist/src/${path}`, import.meta.url).href)) as T;
}
