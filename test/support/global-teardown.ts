import { CLUSTER, type TestCluster } from './global-setup.ts';

export default async function tearDown(): Promise<void> {
  await (globalThis as { [CLUSTER]?: TestCluster })[CLUSTER]?.stop();
}
