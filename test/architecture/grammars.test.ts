/** Generated parsers are what their grammars make today; `npm run grammar` writes them. */
import { expect, test } from 'vitest';
import { GRAMMARS, parserOf } from '../support/generated-grammars.ts';
import { readSource, sourceFiles } from '../support/source-files.ts';

test.each(GRAMMARS)('$output is made of $source', (grammar) => {
  expect(parserOf(grammar)).toBe(readSource(grammar.output));
});

test('every grammar and every generated parser is known', () => {
  expect(sourceFiles('src/*.peggy')).toEqual(GRAMMARS.map(({ source }) => source).sort());
  expect(sourceFiles('src/*.generated.*')).toEqual(GRAMMARS.map(({ output }) => output).sort());
});
