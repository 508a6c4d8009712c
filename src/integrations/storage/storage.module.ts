import { join } from 'node:path';
import { Global, Module } from '@nestjs/common';
import { Config } from '../../platform/config/index.js';
import { DiskStorage } from './disk-storage.adapter.js';
import { Storage } from './storage.port.js';
import { StorageWatch } from './storage-watch.js';

/** The bytes of files: a bucket where `S3_BUCKET` names one, else a folder of `DATA_DIR`. */
@Global()
@Module({
  providers: [{ provide: Storage, inject: [Config], useFactory: openStorage }, StorageWatch],
  exports: [Storage],
})
export class StorageModule {}

async function openStorage({ env, data_dir, node_id }: Config): Promise<Storage> {
  if (!env.S3_BUCKET) return new DiskStorage(join(data_dir, 'storage'), node_id);
  // Amazon's packages take tens of megabytes, which a server without a bucket can do without.
  const { S3Storage } = await import('./s3-storage.adapter.js');
  return new S3Storage({
    bucket: env.S3_BUCKET,
    region: env.S3_REGION,
    // Whoever runs an S3 server of their own has seldom a name for each bucket.
    force_path_style: env.S3_FORCE_PATH_STYLE ?? env.S3_ENDPOINT !== undefined,
    ...(env.S3_ENDPOINT ? { endpoint: env.S3_ENDPOINT } : {}),
    ...(env.S3_ACCESS_KEY_ID && env.S3_SECRET_ACCESS_KEY
      ? { credentials: { accessKeyId: env.S3_ACCESS_KEY_ID, secretAccessKey: env.S3_SECRET_ACCESS_KEY } }
      : {}),
  });
}
