/**
 * What the pages say is tried: every `sh` block runs, every `json` block is read.
 *
 * Markers above a block: `<!-- prints: REGEX -->` is held against what the block printed; `<!-- file: PATH -->` says
 * that a `json` block is this file of the repository; `<!-- not run: WHY -->` is for what cannot run in a
 * test (another program's installation), and the list of those is kept here.
 */
import { expect, test } from 'vitest';
import { type Block, fencedBlocks } from '../support/markdown.ts';
import { describeWith } from '../support/needs-program.ts';
import { runPage } from '../support/page-session.ts';
import { readSource, sourceFiles } from '../support/source-files.ts';

/** page → reasons why blocks of it do not run. A new one is a decision, so it is written down here. */
const NOT_RUN: Readonly<Record<string, readonly string[]>> = {
  'CONTRIBUTING.md': ['this is the test command itself'],
  'README.md': ['this is the test command itself'],
  'docs/api.md': ['it goes on until it is ended'],
  'docs/operations.md': ['it needs services to restart'],
};

/** Pages whose files are written out, or whose commands are run, by a test of their own. */
const OWN_TEST: readonly string[] = ['docs/recipes.md', 'docs/coming-from-consul.md', 'docs/cluster.md'];

const PAGES = sourceFiles('*.md', 'docs/*.md').map((page) => ({
  page,
  blocks: fencedBlocks(readSource(page)),
}));

const isShell = (block: Block): boolean => ['sh', 'bash', 'shell', 'console'].includes(block.language);
const isRun = (block: Block): boolean => isShell(block) && !block.markers.has('not run');

function readJson(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${place} is not JSON`, { cause: error });
  }
}

test('only the blocks that are known not to run are marked so', () => {
  const marked = PAGES.map(({ page, blocks }) => [
    page,
    blocks.flatMap((block) => block.markers.get('not run') ?? []),
  ]).filter(([, reasons]) => reasons?.length !== 0);
  expect(Object.fromEntries(marked)).toEqual(NOT_RUN);
});

test('every block says its language', () => {
  const bare = PAGES.flatMap(({ page, blocks }) =>
    blocks.filter((block) => block.language === '').map((block) => `${page}:${block.line}`),
  );
  expect(bare).toEqual([]);
});

test('every source file that a page names exists', () => {
  const files = sourceFiles('src/*', 'test/*', 'ui/*', 'bench/*', 'deploy/*', 'bin/*');
  const missing = PAGES.flatMap(({ page }) =>
    [...readSource(page).matchAll(/`((?:[\w-]+\/)+[\w-]+\.(?:ts|tsx|mjs|js))`/g)]
      .map(([, named = '']) => named)
      .filter((named) => !/\/x(-\w+)?\.ts$/.test(named) && !named.startsWith('dist/'))
      .filter((named) => !files.some((file) => `/${file}`.endsWith(`/${named}`)))
      .map((named) => `${page}: ${named}`),
  );
  expect(missing).toEqual([]);
});

test('each json block is JSON, and the same as the file that it names', () => {
  for (const { page, blocks } of PAGES) {
    for (const block of blocks.filter(({ language }) => language === 'json')) {
      const place = `${page}:${block.line}`;
      const value = readJson(block.body, place);
      const file = block.markers.get('file');
      if (file !== undefined && !OWN_TEST.includes(page))
        expect(value, place).toEqual(readJson(readSource(file), file));
    }
  }
});

describeWith('dig', 'commands', () => {
  const pages = PAGES.map(({ page, blocks }) => ({ page, shell: blocks.filter(isRun) })).filter(
    ({ page, shell }) => shell.length > 0 && !OWN_TEST.includes(page),
  );

  test.each(pages)('of $page do what the page says', async ({ page, shell }) => {
    const run = await runPage(shell);
    const last = run.outputs.length - 1;
    expect(run.succeeded, `${page}:${shell[last]?.line}: ${run.outputs[last]}`).toBe(true);
    for (const [index, block] of shell.entries()) {
      const wanted = block.markers.get('prints');
      if (wanted === undefined) continue;
      expect(run.outputs[index], `${page}:${block.line}`).toMatch(new RegExp(run.translate(wanted), 's'));
    }
  });
});
