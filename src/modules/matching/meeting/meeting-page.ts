import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { AppError } from '../../../platform/errors/index.js';
import { PackedText } from '../../../platform/http/index.js';

const HTML = 'text/html; charset=utf-8';
const CSS = 'text/css; charset=utf-8';
const JAVASCRIPT = 'text/javascript; charset=utf-8';

const OWN = join(import.meta.dirname, 'page');
const SOCKET_IO = join(dirname(createRequire(import.meta.url).resolve('socket.io/package.json')), 'client-dist');

/** The page's files: its own as they stand in the sources, and the socket's client as its package ships it. Nothing is loaded from elsewhere. */
const FILES: Record<string, { readonly folder: string; readonly type: string }> = {
  'meeting.css': { folder: OWN, type: CSS },
  'devices.js': { folder: OWN, type: JAVASCRIPT },
  'meeting.js': { folder: OWN, type: JAVASCRIPT },
  'peer.js': { folder: OWN, type: JAVASCRIPT },
  'recorder.js': { folder: OWN, type: JAVASCRIPT },
  'remote.js': { folder: OWN, type: JAVASCRIPT },
  'screen.js': { folder: OWN, type: JAVASCRIPT },
  'talk-panel.js': { folder: OWN, type: JAVASCRIPT },
  'words.js': { folder: OWN, type: JAVASCRIPT },
  'socket.io.esm.min.js': { folder: SOCKET_IO, type: JAVASCRIPT },
};

/** What the page may do: only what comes from this server, and nothing of it may be shown inside another page. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; media-src 'self' blob:; img-src 'self' data:; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Permissions-Policy': 'camera=(self), microphone=(self), display-capture=(), geolocation=()',
  'Referrer-Policy': 'no-referrer',
  'X-Frame-Options': 'DENY',
  'Cross-Origin-Opener-Policy': 'same-origin',
};

/** What a person sees whose link leads nowhere; `{place}` stands for the way to the folder that all links are in. */
export const NOWHERE_HTML = `<!doctype html>
<html lang="ja">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Kaiwa</title>
<link rel="stylesheet" href="{place}/assets/meeting.css">
</head>
<body>
<main class="card">
<h1>このリンクは使えません</h1>
<p>リンクが正しくないか、面談が終了しています。</p>
<h2 lang="en">This link leads nowhere</h2>
<p lang="en">It is not whole, or the talk is over.</p>
</main>
</body>
</html>
`;

const texts = new Map<string, Promise<PackedText>>();

/** The page itself; its address holds a secret, so that nobody keeps it. */
export function pageText(): Promise<PackedText> {
  return text('meeting.html', OWN, HTML, 'no-store');
}

/** One of the page's files. @throws NOT_FOUND */
export function assetText(name: string): Promise<PackedText> {
  const file = Object.hasOwn(FILES, name) ? FILES[name] : undefined;
  if (!file) throw new AppError('NOT_FOUND');
  return text(name, file.folder, file.type, 'no-cache');
}

/** Read when they are first asked for: most processes never are. */
function text(name: string, folder: string, type: string, cache_control: string): Promise<PackedText> {
  let read = texts.get(name);
  if (read === undefined)
    texts.set(name, (read = readFile(join(folder, name)).then((bytes) => new PackedText(bytes, type, cache_control))));
  return read;
}
