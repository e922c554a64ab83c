import { describe, expect, it } from 'vitest';
import { nearest } from '../../../src/lib/nearest.ts';

describe('nearest', () => {
  it('finds a word with a missing, a wrong and two swapped letters', () => {
    const known = ['dns_config', 'data_dir', 'domain'];
    expect(nearest('dns_confg', known)).toBe('dns_config');
    expect(nearest('data_dri', ['data_dir', 'data_drx'])).toBe('data_dir');
    expect(nearest('fomain', known)).toBe('domain');
  });

  it('names nothing when every word is far away', () => {
    expect(nearest('zzz', ['dns_config', 'data_dir'])).toBeUndefined();
    expect(nearest('z', ['ui', 'n', 'dev'])).toBeUndefined();
    expect(nearest('abc', ['dev', 'bind'])).toBeUndefined();
  });

  it('corrects short words by one letter', () => {
    expect(nearest('iu', ['dev', 'ui'])).toBe('ui');
    expect(nearest('prt', ['name', 'port'])).toBe('port');
  });
});
