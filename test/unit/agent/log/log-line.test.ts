import { describe, expect, it } from 'vitest';
import { readableLine } from '../../../../src/agent/log/log-line.ts';

describe('readableLine', () => {
  it('puts time, level and part first, then the sentence, then fields', () => {
    const json =
      '{"level":30,"time":0,"part":"dns","address":"127.0.0.1","why":"a b","n":1,"msg":"listening"}';
    expect(readableLine(json)).toBe(
      '1970-01-01T00:00:00.000Z [INFO]  dns: listening: address=127.0.0.1 why="a b" n=1',
    );
  });

  it('shows of an error only what it says', () => {
    const json = '{"level":50,"time":0,"err":{"type":"Error","message":"disk full","stack":"x"},"msg":"no"}';
    expect(readableLine(json)).toBe('1970-01-01T00:00:00.000Z [ERROR] no: err="disk full"');
  });

  it('passes on what is no JSON', () => {
    expect(readableLine('hello\n')).toBe('hello');
  });
});
