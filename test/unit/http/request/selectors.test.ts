import { describe, expect, test } from 'vitest';
import type { Instance } from '../../../../src/catalog/select.ts';
import type { Call, Query } from '../../../../src/http/call-and-reply.ts';
import { instanceSelector, nodeMetaSelector } from '../../../../src/http/request/selectors.ts';
import type { NodeRow } from '../../../../src/model/types.ts';

const asking = (query: Query): Call => ({ query }) as Call;
const node = (meta: Record<string, string> | null): NodeRow => ({ meta }) as NodeRow;
const tagged = (...tags: string[]): Instance =>
  ({ node: node(null), service: { tags } }) as unknown as Instance;

describe('node-meta', () => {
  test('all pairs must hold, given once or many times', () => {
    const holds = nodeMetaSelector(asking({ 'node-meta': ['a:b', 'c', 'a:b'] }));
    expect(holds(node({ a: 'b', c: '' }))).toBe(true);
    expect(holds(node({ a: 'b' }))).toBe(false);
    expect(holds(node(null))).toBe(false);
  });

  test('a key that must be two things is nobody', () => {
    expect(nodeMetaSelector(asking({ 'node-meta': ['a:b', 'a:c'] }))(node({ a: 'b' }))).toBe(false);
  });

  test('a pair that is given 4,000 times is looked at once', () => {
    let looks = 0;
    const meta = {
      get a(): string {
        looks += 1;
        return 'b';
      },
    };
    expect(nodeMetaSelector(asking({ 'node-meta': Array(4_000).fill('a:b') }))(node(meta))).toBe(true);
    expect(looks).toBe(1);
  });
});

describe('tag', () => {
  test('every tag is there, in whatever case, however often it was asked for', () => {
    const holds = instanceSelector(asking({ tag: ['V1', 'v1', 'blue'] }));
    expect(holds(tagged('v1', 'Blue'))).toBe(true);
    expect(holds(tagged('v1', 'green'))).toBe(false);
    expect(holds(tagged('v1'))).toBe(false);
  });
});
