import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';

type AppFloor = typeof import('../../src/app.module.js');
type AuthFloor = typeof import('../../src/modules/auth/index.js');
type BootFloor = typeof import('../../src/boot.js');
type CallsFloor = typeof import('../../src/modules/calls/index.js');
type HttpFloor = typeof import('../../src/platform/http/index.js');
type RealtimeFloor = typeof import('../../src/platform/realtime/index.js');
type ScopeFloor = typeof import('../../src/platform/scope/index.js');

/*
 * A node with a kind of passes of the tests' own, as a module above the calls registers one. Told by its parent to arrange and to finish
 * calls; a pass is JSON in clear, which only a test may believe.
 */

export type Order =
  | { do: 'arrange'; client_id: string; caller_id: string; callee_id: string }
  | { do: 'finish'; client_id: string; call_id: string }
  | { do: 'view'; client_id: string; call_id: string; user_id: string };

const { AppModule } = await built<AppFloor>('app.module.js');
const { SocketPasses } = await built<AuthFloor>('modules/auth/index.js');
const { loadConfig } = await built<BootFloor>('boot.js');
const { RingService } = await built<CallsFloor>('modules/calls/index.js');
const { KaiwaExpressAdapter, NestLogBridge } = await built<HttpFloor>('platform/http/index.js');
const { KaiwaIoAdapter, openCluster } = await built<RealtimeFloor>('platform/realtime/index.js');
const { Scope } = await built<ScopeFloor>('platform/scope/index.js');

const { config, logger } = await loadConfig();
const app = await NestFactory.create<NestExpressApplication>(AppModule.forRoot(config, logger), new KaiwaExpressAdapter(), {
  logger: new NestLogBridge(logger),
  abortOnError: false,
  bodyParser: false,
});
const cluster = await openCluster(config, logger);
app.useWebSocketAdapter(new KaiwaIoAdapter(app, { isOriginAllowed: () => false, createClusterAdapter: cluster.createAdapter }));
const rings = app.get(RingService);
app.get(SocketPasses).register((token) => {
  if (!token.startsWith('{')) return Promise.resolve(null);
  const { client_id, call_id, user_id, exp } = JSON.parse(token) as { client_id: string; call_id: string; user_id: string; exp: number };
  return Promise.resolve({ client_id, user_id, exp, pass: Scope.runAs(client_id, () => rings.passFor(call_id, user_id)) });
});
await app.listen(0, '127.0.0.1');

process.on('message', (order: Order) => {
  void Scope.runAs(order.client_id, () => obey(order)).then((answer) => process.send?.({ answer }));
});
process.once('disconnect', () => void app.close().then(() => process.exit()));
process.send?.({ url: (await app.getUrl()).replace('[::1]', '127.0.0.1') });

async function obey(order: Order): Promise<unknown> {
  switch (order.do) {
    case 'arrange':
      return rings.arrange({ caller_id: order.caller_id, callee_id: order.callee_id, media: 'audio' });
    case 'finish':
      return rings.finish(order.call_id).then(() => true);
    case 'view':
      return rings.viewFor(order.call_id, order.user_id);
  }
}

async function built<T>(path: string): Promise<T> {
  return (await import(new URL(`../../dist/src/${path}`, import.meta.url).href)) as T;
}
