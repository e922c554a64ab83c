import { expect, test } from 'vitest';
import { Term } from '../../../src/agent/term.ts';

test('a term begins its works in order and ends them in reverse, as often as leadership comes and goes', () => {
  const said: string[] = [];
  const work = (name: string) => ({
    begin: () => void said.push(`${name} begins`),
    end: () => void said.push(`${name} ends`),
  });
  const term = new Term([work('a'), work('b')]);
  term.end();
  for (let round = 0; round < 3; round += 1) {
    said.length = 0;
    term.begin();
    term.begin();
    term.end();
    term.end();
    expect(said).toEqual(['a begins', 'b begins', 'b ends', 'a ends']);
  }
});
