import { rm } from 'node:fs/promises';
import { createRequire } from 'node:module';

interface Options {
  address: string;
  port: number;
  silent: boolean;
  allowMismatchedSignatures: boolean;
  directory: string;
  configureBuckets: Array<{ name: string }>;
}

/* An S3 server as a program of its own: what it keeps lies in the folder that it is given. Prints its port. */

interface FolderStore {
  getResourcePath(bucket: string, key: string, kind: string): string;
  deleteObject(bucket: string, key: string): Promise<void>;
}

// It ships no types.
const require = createRequire(import.meta.url);
const S3rver = require('@20minutes/s3rver') as new (options: Options) => { run(): Promise<{ port: number }> };
const { prototype: folders } = require('@20minutes/s3rver/lib/stores/filesystem.js') as { prototype: FolderStore };

// Its own deletion removes folders that it has seen empty, with whatever another request has put into them since.
folders.deleteObject = async function (bucket, key) {
  for (const kind of ['object', 'object.md5', 'metadata.json']) await rm(this.getResourcePath(bucket, key, kind), { force: true });
};

const directory = process.argv[2];
if (!directory) throw new Error('The folder is missing');
const { port } = await new S3rver({
  address: '127.0.0.1',
  port: 0,
  silent: true,
  directory,
  configureBuckets: [],
  // It signs the path of a bucket itself with a slash at the end, and Amazon's SDK without one.
  allowMismatchedSignatures: true,
}).run();
process.stdout.write(`${port}\n`);
