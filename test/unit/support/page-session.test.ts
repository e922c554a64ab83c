import { expect, test } from 'vitest';
import { fencedBlocks } from '../../support/markdown.ts';
import { runPage } from '../../support/page-session.ts';

const page = (...commands: string[]) =>
  fencedBlocks(commands.map((text) => `\`\`\`sh\n${text}\n\`\`\`\n`).join('\n'));

test('blocks share one shell and their outputs are told apart', async () => {
  const run = await runPage(page('name=web; echo one', 'echo "two $name"'));
  expect(run.succeeded).toBe(true);
  expect(run.outputs.map((text) => text.trim())).toEqual(['one', 'two web']);
});

test('the first block that fails ends the page and is the last one with output', async () => {
  const run = await runPage(page('echo fine', 'echo trouble >&2; false', 'echo never'));
  expect(run.succeeded).toBe(false);
  expect(run.outputs.map((text) => text.trim())).toEqual(['fine', 'trouble']);
});

test('ports are replaced by free ones, the same everywhere', async () => {
  const run = await runPage(page('echo 8600 9090', 'echo 8600'));
  const [first = '', second = ''] = run.outputs.map((text) => text.trim());
  expect(first).toBe(run.translate('8600 9090'));
  expect(second).toBe(run.translate('8600'));
  expect(first).not.toContain('8600');
});
