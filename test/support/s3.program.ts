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

// It ships no types.
const S3rver = createRequire(import.meta.url)('@20minutes/s3rver') as new (options: Options) => { run(): Promise<{ port: number }> };

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
