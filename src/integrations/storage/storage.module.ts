import { join } from 'node:path';
import { Global, Module } from '@nestjs/common';
import { Config } from '../../platform/config/index.js';
import { DiskStorage } from './disk-storage.adapter.js';
import { Storage } from './storage.port.js';
import { StorageWatch } from './storage-watch.js';

/** The bytes of files: a folder of `DATA_DIR`. */
@Global()
@Module({
  providers: [
    {
      provide: Storage,
      inject: [Config],
      useFactory: ({ data_dir }: Config): Storage => new DiskStorage(join(data_dir, 'storage')),
    },
    StorageWatch,
  ],
  exports: [Storage],
})
export class StorageModule {}
