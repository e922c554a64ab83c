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

  it('completes a word that was broken off, where only one begins so', () => {
    expect(nearest('extend', ['allow', 'extend-cache', 'async-cache'])).toBe('extend-cache');
    expect(nearest('retry', ['retry-interval-wan', 'retry-join-for-long'])).toBeUndefined();
    expect(nearest('ex', ['extend-cache'])).toBeUndefined();
  });

  it('corrects short words by one letter', () => {
    expect(nearest('iu', ['dev', 'ui'])).toBe('ui');
    expect(nearest('prt', ['name', 'port'])).toBe('port');
  });
});
