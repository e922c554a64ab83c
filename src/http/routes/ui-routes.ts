/**
 * The web page: the files of `uiDir` under `ui_config.content_path`, and index.html for every address of the page's own.
 *
 * The policy that goes with them lets the page load and call nothing but this server, and run nothing inline. Names that
 * leave the folder or begin with a dot are not found. Files are small, so they are read as they are asked for.
 */

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { open } from '../access/permission.ts';
import type { Reply } from '../call-and-reply.ts';
import type { HttpConfig } from '../http-parts.ts';
import { THIS_AGENT } from '../place.ts';
import { text } from '../reply.ts';
import type { Handler, Route } from '../route.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.json': 'application/json',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};

const SAFETY_HEADERS = {
  'Content-Security-Policy':
    "default-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
} as const;

/** The build puts a hash of the content into these names, so they never change. */
const IS_HASHED = /^assets\/.*-[\w-]{8}\.\w+$/;
const YEAR_SECONDS = 31_536_000;

const NOT_BUILT =
  'The web page is not built. In a checkout, "npm run build" makes it; with a folder of your own, set ui_config.dir.';

/** What the system says of a name that no file of the page has, such as the address of a service with a long name. */
const NO_SUCH_FILE: ReadonlySet<string | undefined> = new Set([
  'ENOENT',
  'EISDIR',
  'ENOTDIR',
  'ENAMETOOLONG',
]);

async function readIfThere(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if (NO_SUCH_FILE.has((error as NodeJS.ErrnoException).code)) return undefined;
    throw error;
  }
}

function fileReply(name: string, body: Buffer): Reply {
  const caching = IS_HASHED.test(name) ? `public, max-age=${YEAR_SECONDS}, immutable` : 'no-cache';
  const type = TYPES[path.extname(name)] ?? 'application/octet-stream';
  return {
    status: 200,
    defaultHeaders: { ...SAFETY_HEADERS, 'Cache-Control': caching },
    headers: { 'Content-Type': type },
    body,
  };
}

const HTML_ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '"': '&quot;',
  '<': '&lt;',
  '>': '&gt;',
};
const escapeHtml = (value: string): string => value.replace(/[&"<>]/g, (char) => HTML_ESCAPES[char] ?? '');

/** The page's addresses of its own files are relative to its <base>, which is where the page is mounted. */
async function indexReply(
  dir: string,
  { uiContentPath: contentPath, dashboardTemplate }: HttpConfig,
): Promise<Reply> {
  const page = await readIfThere(path.join(dir, 'index.html'));
  if (page === undefined) return text(404, NOT_BUILT);
  const html = page
    .toString('utf8')
    .replace('<base href="/ui/"', () => `<base href="${encodeURI(contentPath)}"`)
    .replace(
      '<meta name="dashboard-of-service" content=""',
      () => `<meta name="dashboard-of-service" content="${escapeHtml(dashboardTemplate)}"`,
    );
  return fileReply('index.html', Buffer.from(html));
}

function isInside(name: string): boolean {
  return !name.includes('\0') && name.split(/[/\\]/).every((segment) => !segment.startsWith('.'));
}

const page: Handler = async (call, { config }) => {
  const { uiDir } = config;
  const name = call.params['*'] ?? '';
  if (uiDir === undefined) return text(404, NOT_BUILT);
  if (name === '' || name === 'index.html') return indexReply(uiDir, config);
  const file = isInside(name) ? await readIfThere(path.join(uiDir, name)) : undefined;
  if (file !== undefined) return fileReply(name, file);
  const isAsset = name.startsWith('assets/') || !isInside(name);
  return isAsset ? text(404, 'The web page has no such file.') : indexReply(uiDir, config);
};

/** Where the page is mounted; nothing when it is switched off. */
export function uiRoutes({ isUiEnabled, uiContentPath }: HttpConfig): readonly Route[] {
  if (!isUiEnabled) return [];
  const operations = {
    GET: {
      about: 'The web page.',
      place: THIS_AGENT,
      permission: open('files that are the same for everybody; what the page shows it asks of the API'),
      handle: page,
    },
  };
  return [{ path: `${uiContentPath}*`, operations, answersHead: true }];
}
