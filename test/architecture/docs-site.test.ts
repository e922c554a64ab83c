/**
 * The site of the pages builds, and every link in it leads to something: page, anchor, picture or file. (The generator refuses
 * dead links to pages; it does not look at anchors and files.)
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { repositoryDir } from '../support/source-files.ts';

const site = path.join(repositoryDir, 'site');

interface Page {
  readonly name: string;
  readonly html: string;
  readonly ids: ReadonlySet<string>;
}

const pages = new Map<string, Page>();

function readPages(): void {
  for (const name of fs.readdirSync(site, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.html')) continue;
    const html = fs.readFileSync(path.join(site, name), 'utf8');
    const ids = new Set([...html.matchAll(/\sid="([^"]+)"/g)].map(([, id = '']) => decodeURIComponent(id)));
    pages.set(name, { name, html, ids });
  }
}

/** What is wrong with a link, in words; undefined for one that leads somewhere, here or elsewhere. */
function faultOf({ name, ids }: Page, link: string): string | undefined {
  if (/^(?:[a-z]+:|\/\/)/.test(link)) return undefined;
  const { pathname, hash } = new URL(link, `http://site/${name}`);
  const id = decodeURIComponent(hash.slice(1));
  const file = decodeURIComponent(pathname.slice(1)) || 'index.html';
  if (!fs.existsSync(path.join(site, file))) return `${name}: ${link} is not there`;
  const target = file === name ? ids : pages.get(file)?.ids;
  return id !== '' && target?.has(id) === false ? `${name}: ${link} has no such heading` : undefined;
}

beforeAll(() => {
  const vitepress = path.join(repositoryDir, 'node_modules/.bin/vitepress');
  const built = spawnSync(vitepress, ['build', 'docs'], { cwd: repositoryDir, encoding: 'utf8' });
  if (built.status !== 0) throw new Error(built.stdout + built.stderr);
  readPages();
});

test('every page is there', () => {
  const written = fs.readdirSync(path.join(repositoryDir, 'docs')).filter((file) => file.endsWith('.md'));
  expect(written.filter((file) => !pages.has(`docs/${path.basename(file, '.md')}.html`))).toEqual([]);
  expect(pages.get('index.html')?.html).toContain('<h1 id="rollcall"');
});

test('every link leads to something', () => {
  const faults = [...pages.values()].flatMap((page) =>
    [...page.html.matchAll(/\s(?:href|src)="([^"]+)"/g)].flatMap(
      ([, link = '']) => faultOf(page, link.replaceAll('&amp;', '&')) ?? [],
    ),
  );
  expect([...new Set(faults)]).toEqual([]);
});

test('the search has the text of the pages', () => {
  const files = fs.readdirSync(path.join(site, 'assets'), { recursive: true, encoding: 'utf8' });
  const index = files.find((file) => /localSearchIndexroot/.test(file)) ?? '';
  const text = fs.readFileSync(path.join(site, 'assets', index), 'utf8');
  const titles = ['/docs/tls.html#tls', '/docs/coming-from-consul.html#go-back', '["noerror"'];
  expect(titles.filter((title) => !text.includes(title))).toEqual([]);
});
