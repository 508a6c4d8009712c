import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type * as Esbuild from 'esbuild';

/*
 * Makes one file of a script of a page and of all that it imports, for browsers. It needs a package of the build's own, as the compiler is one.
 */

/**
 * One task of Amazon's library, for meetings of thousands, imports the library's index and with it everything: ten times as much, and a part for Node.
 * It gets the two of it that it uses.
 */
const chimeByParts: Esbuild.Plugin = {
  name: 'chime-by-parts',
  setup(build) {
    build.onResolve({ filter: /^\.\.$/ }, ({ importer }) =>
      /amazon-chime-sdk-js[\\/]build[\\/]task[\\/]/.test(importer)
        ? { path: join(dirname(dirname(importer)), 'index.js'), namespace: 'chime-by-parts' }
        : null,
    );
    build.onLoad({ filter: /./, namespace: 'chime-by-parts' }, ({ path }) => ({
      contents: ['MeetingSessionStatus', 'MeetingSessionStatusCode']
        .map((name) => `exports.${name} = require('./meetingsession/${name}.js').default;`)
        .join('\n'),
      resolveDir: dirname(path),
    }));
  },
};

/** Writes the bundle of `entry`: an ES module, minified, without a source map. @throws where something that it imports is not there */
export async function bundle(entry: string, outfile: string): Promise<void> {
  const { build } = createRequire(import.meta.url)('esbuild') as typeof Esbuild;
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    define: { global: 'globalThis' },
    minify: true,
    logLevel: 'silent',
    plugins: [chimeByParts],
  });
}
