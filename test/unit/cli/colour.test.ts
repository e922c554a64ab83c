/** What a person at a terminal sees in colours, and that nobody else does. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Paint } from '../../../src/cli/colour.ts';
import { goFlags } from '../../../src/cli/flags.ts';
import { whyMissing } from '../../../src/cli/missing-command.ts';
import { renderTable } from '../../../src/cli/render.ts';
import { repositoryDir } from '../../support/source-files.ts';

const marked: Paint = (style, text) => `<${style}>${text}</>`;

describe('a table', () => {
  const rows = [
    ['Node', 'Status', 'Output'],
    ['n1', 'critical', 'failed to connect'],
    ['node-2', 'passing', ''],
  ];

  test('has its head and the words of states in colours, in columns that are as wide as without', () => {
    expect(renderTable(rows, marked).replaceAll(/<\w*>|<\/>/g, '')).toBe(renderTable(rows));
    expect(renderTable(rows, marked).split('\n')).toEqual([
      '<bold>Node</>    <bold>Status</>    <bold>Output</>',
      'n1      <red>critical</>  failed to connect',
      'node-2  <green>passing</>',
    ]);
  });
});

describe('a word that is no command', () => {
  const names = ['kv get', 'kv put', 'members', 'operator raft list-peers'];
  test.each([
    [['membrs'], '', /^rollcall has no command membrs \(did you mean members\?\); "rollcall help"/],
    [['kv', 'gett'], 'kv ', /^rollcall has no command kv gett \(did you mean kv get\?\); "rollcall kv -h"/],
    [['operator', 'raft', 'list-peer'], 'operator raft ', /did you mean operator raft list-peers/],
    [['exec'], '', /^rollcall has no command exec: programs are not run/],
    [['zzzz'], '', /^rollcall has no command zzzz; /],
  ])('%j is told from those of its group', (words, prefix, text) => {
    expect(whyMissing(words, prefix, names)).toMatch(text);
  });

  test('is not what a group alone is', () => {
    expect(whyMissing(['kv'], 'kv ', names)).toBeUndefined();
    expect(whyMissing([], '', names)).toBeUndefined();
  });
});

test('a flag that takes some words only names the one that was probably meant', () => {
  const flags = [{ name: 'state', value: 'a|b', choices: ['passing', 'warning'], doc: '' }];
  expect(() => goFlags(['-state', 'pasing'], flags)).toThrow(
    '-state: must be passing or warning, not pasing (did you mean passing?)',
  );
  expect(goFlags(['-state=warning'], flags).flags).toEqual(['--state=warning']);
});

describe('help', () => {
  const help = (args: readonly string[], env: Readonly<Record<string, string>>): string => {
    const { FORCE_COLOR: _, NO_COLOR: __, ...rest } = process.env;
    const program = path.join(repositoryDir, 'bin/rollcall.js');
    return spawnSync(process.execPath, [program, ...args], { encoding: 'utf8', env: { ...rest, ...env } })
      .stdout;
  };
  const escapeCharacter = String.fromCharCode(27);

  test.each([
    ['to what is no terminal', {}, false],
    ['with FORCE_COLOR', { FORCE_COLOR: '1' }, true],
    ['with NO_COLOR', { NO_COLOR: '1' }, false],
  ])('%s', (_, env, isColoured) => {
    expect(help(['help'], env).includes(escapeCharacter)).toBe(isColoured);
    expect(help(['members', '-h'], env).includes(escapeCharacter)).toBe(isColoured);
  });

  test('of the agent begins with what most are started with, and says what can be chosen', () => {
    const text = help(['agent', '-h'], {});
    expect(text).toMatch(/What most agents are started with:\n {2}-dev .*\n {2}-server /);
    expect(text.indexOf('-retry-join=')).toBeLessThan(text.indexOf('More options'));
    expect(text).toContain('-log-level=<TRACE|DEBUG|INFO|WARN|ERR|ERROR>');
    expect(text.indexOf('-grpc-port')).toBeGreaterThan(text.indexOf('Accepted, without effect:'));
  });
});
