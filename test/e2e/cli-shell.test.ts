/**
 * What the command table yields for shells and for man.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const LAUNCHER = fileURLToPath(new URL('../../bin/rollcall.js', import.meta.url));
const rollcall = (...args: readonly string[]): string =>
  execFileSync(process.execPath, [LAUNCHER, ...args], { encoding: 'utf8' });

/** What bash would offer behind these words. */
function completed(...words: readonly string[]): string[] {
  const list = words.map((word) => `'${word}'`).join(' ');
  const script = `source <(cat <&3); COMP_WORDS=(${list}); COMP_CWORD=${words.length - 1}; _rollcall 2>/dev/null; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = spawnSync('bash', ['-c', `exec 3<&0; ${script}`], {
    encoding: 'utf8',
    input: rollcall('completion', 'bash'),
  });
  return stdout.trim().split('\n');
}

describe('rollcall completion', () => {
  it('completes commands, second words and flags in bash', () => {
    expect(completed('rollcall', 'mem')).toEqual(['members']);
    expect(completed('rollcall', 'kv', '')).toEqual(['delete', 'export', 'get', 'import', 'put']);
    expect(completed('rollcall', 'catalog', 'nodes', '-ser')).toEqual(['-service=']);
    expect(completed('rollcall', 'agent', '-data')).toEqual(['-data-dir=', '-datacenter=']);
    expect(completed('rollcall', 'operator', 'ra')).toEqual(['raft']);
    expect(completed('rollcall', 'operator', 'raft', 'list')).toEqual(['list-peers']);
    expect(completed('rollcall', 'operator', 'raft', 'remove-peer', '-addr')).toEqual(['-address=']);
  });

  it('names every command in every shell', () => {
    for (const shell of ['bash', 'zsh', 'fish']) {
      const script = rollcall('completion', shell);
      for (const word of ['agent', 'members', 'snapshot', 'deregister', 'bootstrap-expect'])
        expect(script).toContain(word);
    }
  });

  it('wants a known shell', () => {
    expect(spawnSync(process.execPath, [LAUNCHER, 'completion', 'csh']).status).toBe(1);
  });
});

describe('rollcall man', () => {
  it('is a page with every command, and nothing in it is taken for a macro', () => {
    const page = rollcall('man');
    expect(page).toMatch(/^\.TH ROLLCALL 1 /);
    expect(page).toContain('.SS rollcall services register [options] [FILE...]');
    const macros = page.match(/^\.\S+/gm) ?? [];
    expect([...new Set(macros)].sort()).toEqual([
      '.B',
      '.I',
      '.PP',
      '.RE',
      '.RS',
      '.SH',
      '.SS',
      '.TH',
      '.TP',
    ]);
  });
});
