import { describe, expect, it } from 'vitest';
import { goFlags } from '../../../src/cli/flags.ts';

const SPECS = [
  { name: 'ui', doc: '' },
  { name: 'node', value: 'TEXT', doc: '' },
  { name: 'config-dir', value: 'DIR', doc: '' },
];

describe('goFlags', () => {
  it.each([[['-node', 'n1']], [['--node', 'n1']], [['-node=n1']], [['--node=n1']]])(
    'reads %j as the same flag',
    (argv) => {
      expect(goFlags(argv, SPECS)).toEqual({ flags: ['--node=n1'], args: [] });
    },
  );

  it('gives a switch no value unless it is written with =', () => {
    expect(goFlags(['-ui', 'false'], SPECS)).toEqual({ flags: ['--ui=true'], args: ['false'] });
    expect(goFlags(['-ui=false'], SPECS)).toEqual({ flags: ['--ui=false'], args: [] });
  });

  it('keeps a value that begins with a dash or holds =', () => {
    expect(goFlags(['-node', '-x', '-config-dir=a=b'], SPECS).flags).toEqual([
      '--node=-x',
      '--config-dir=a=b',
    ]);
  });

  it('ends at the first argument that is no flag, and at --', () => {
    expect(goFlags(['-ui', 'key', '-5'], SPECS)).toEqual({ flags: ['--ui=true'], args: ['key', '-5'] });
    expect(goFlags(['--', '-ui'], SPECS)).toEqual({ flags: [], args: ['-ui'] });
    expect(goFlags(['-ui', '-', 'x'], SPECS).args).toEqual(['-', 'x']);
  });

  it('refuses an unknown flag and names its neighbour', () => {
    expect(() => goFlags(['-nod=n1'], SPECS)).toThrow(
      'flag provided but not defined: -nod (did you mean -node?)',
    );
  });

  it('refuses a missing value and a wrong boolean', () => {
    expect(() => goFlags(['-node'], SPECS)).toThrow('flag needs an argument: -node');
    expect(() => goFlags(['-ui=perhaps'], SPECS)).toThrow('invalid boolean value "perhaps" for -ui');
  });
});
