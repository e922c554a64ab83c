/**
 * The site of these pages: `npm run docs:site` builds it into site/, with a search that needs no server. A link to a page that
 * is not there fails the build; test/architecture/docs-site.test.ts looks at the rest of them.
 */
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitepress';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Pages by what a reader is about to do. A page that is in none of them fails the build. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  Begin: ['README', 'docs/install', 'docs/coming-from-consul', 'docs/recipes'],
  Use: ['docs/dns', 'docs/api', 'docs/checks', 'docs/page', 'docs/config'],
  Run: [
    'docs/operations',
    'docs/cluster',
    'docs/client-agents',
    'docs/kubernetes',
    'docs/acl',
    'docs/tls',
    'SECURITY',
  ],
  'Look up': ['docs/compat', 'docs/errors', 'docs/metrics', 'docs/paths', 'docs/rfc', 'CHANGELOG'],
  Develop: ['CONTRIBUTING', 'docs/ARCHITECTURE'],
};

const titleOf = (page: string): string =>
  /^# (.*)$/m.exec(fs.readFileSync(path.join(root, `${page}.md`), 'utf8'))?.[1] ?? page;

const linkOf = (page: string) => ({ text: titleOf(page), link: page === 'README' ? '/' : `/${page}` });

const decisions = fs
  .readdirSync(path.join(root, 'docs/adr'))
  .map((file) => `docs/adr/${path.basename(file, '.md')}`)
  .sort();

function refuseForgotten(): void {
  const known = new Set(Object.values(GROUPS).flat());
  const forgotten = fs
    .readdirSync(path.join(root, 'docs'))
    .filter((file) => file.endsWith('.md') && !known.has(`docs/${path.basename(file, '.md')}`));
  if (forgotten.length > 0)
    throw new Error(`in no group of docs/.vitepress/config.ts: ${forgotten.join(', ')}`);
}

refuseForgotten();

export default defineConfig({
  title: 'rollcall',
  description: 'Service discovery over DNS and HTTP, for unchanged Consul clients',
  lang: 'en',
  base: process.env['DOCS_BASE'] ?? '/',
  srcDir: root,
  srcExclude: [
    'node_modules/**',
    'test/**/!(README).md',
    'config/**',
    'bench/**',
    'dist/**',
    'site/**',
    'data/**',
    'ui/**',
    'src/**',
    'deploy/**',
  ],
  outDir: path.join(root, 'site'),
  cacheDir: path.join(root, 'node_modules/.cache/vitepress'),
  rewrites: { 'README.md': 'index.md' },
  // Not a page, but written below.
  ignoreDeadLinks: [/\/LICENSE$/],
  markdown: {
    languageAlias: { haproxy: 'ini', conf: 'ini' },
    config: ({ renderer, utils }) => {
      // {{ … }} of templates is shown as it is.
      renderer.rules['code_inline'] = (tokens, index) =>
        `<code v-pre>${utils.escapeHtml(tokens[index]?.content ?? '')}</code>`;
    },
  },
  // The tsconfig.json of the program is none of the pages'.
  vite: { esbuild: { tsconfigRaw: {} } },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    sidebar: [
      ...Object.entries(GROUPS).map(([text, pages]) => ({ text, items: pages.map(linkOf) })),
      { text: 'Decisions', collapsed: true, items: decisions.map(linkOf) },
    ],
  },
  /** Files that pages link to. */
  buildEnd: ({ outDir }) => {
    for (const folder of ['deploy', 'docs/images'])
      fs.cpSync(path.join(root, folder), path.join(outDir, folder), { recursive: true });
    const licence = fs.readFileSync(path.join(root, 'LICENSE'), 'utf8');
    fs.writeFileSync(
      path.join(outDir, 'LICENSE.html'),
      `<!doctype html><title>Licence</title><pre>${licence}</pre>`,
    );
  },
});
