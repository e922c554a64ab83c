import { describe, expect, it } from 'vitest';
import { readableLine } from '../../../../src/agent/log/log-line.ts';

describe('readableLine', () => {
  it('puts time, level and module first, then the sentence, then fields', () => {
    const json =
      '{"@level":"info","@timestamp":"1970-01-01T00:00:00.000Z","@module":"agent.dns","address":"127.0.0.1","why":"a b","n":1,"@message":"listening"}';
    expect(readableLine(json)).toBe(
      '1970-01-01T00:00:00.000Z [INFO]  agent.dns: listening: address=127.0.0.1 why="a b" n=1',
    );
  });

  it('shows of an error only what it says', () => {
    const json =
      '{"@level":"error","@timestamp":"T","@module":"agent","err":{"type":"Error","message":"disk full","stack":"x"},"@message":"no"}';
    expect(readableLine(json)).toBe('T [ERROR] agent: no: err="disk full"');
  });

  it('lets no control character of an output through', () => {
    const json =
      '{"@level":"warn","@timestamp":"T","@module":"agent","output":"\\u001b[2Jgone","@message":"no"}';
    expect(readableLine(json)).toBe('T [WARN]  agent: no: output="\\u001b[2Jgone"');
  });

  it('passes on what is no JSON', () => {
    expect(readableLine('hello\n')).toBe('hello');
  });
});
