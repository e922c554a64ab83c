/** Sizes and manners of the source that a formatter does not know; the limits are those of CONTRIBUTING.md. */
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { readSource, sourceFiles } from '../support/source-files.ts';

const SOURCE = sourceFiles('src/*.ts', 'ui/*.ts', 'ui/*.tsx').filter((file) => !file.includes('.generated.'));
const TESTS = sourceFiles('test/*.ts');

function lineCount(file: string): number {
  return readSource(file).trimEnd().split('\n').length;
}

/** `file:line: text` of each line of `files` that matches; comment lines are left out. */
function linesThatMatch(files: readonly string[], pattern: RegExp, except: readonly string[] = []): string[] {
  return files
    .filter((file) => !except.includes(file))
    .flatMap((file) =>
      readSource(file)
        .split('\n')
        .map((text, index) => ({ text, place: `${file}:${index + 1}` }))
        .filter(({ text }) => pattern.test(text) && !/^\s*(\*|\/\/|\/\*)/.test(text))
        .map(({ text, place }) => `${place}: ${text.trim()}`),
    );
}

describe('sizes', () => {
  test('no source file is over 400 lines; 300 are the place to think', () => {
    expect(SOURCE.length).toBeGreaterThan(0);
    expect(SOURCE.filter((file) => lineCount(file) > 400)).toEqual([]);
  });

  test('half of the source files have 120 lines or fewer', () => {
    const counts = SOURCE.map(lineCount).sort((a, b) => a - b);
    expect(counts[Math.floor(counts.length / 2)]).toBeLessThanOrEqual(120);
  });

  test('no test file is over 400 lines', () => {
    expect(TESTS.filter((file) => lineCount(file) > 400)).toEqual([]);
  });
});

describe('manners', () => {
  test('no two files of src/ share a name, so that a name in a comment or a stack means one file', () => {
    const names = SOURCE.filter((file) => file.startsWith('src/')).map((file) => path.basename(file));
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  });

  test('each source file opens with a comment that says what it is for', () => {
    expect(SOURCE.filter((file) => !/^(#!.*\n)?\/\*\*/.test(readSource(file)))).toEqual([]);
  });

  test('time comes from a Clock', () => {
    const ways = /\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(/;
    expect(linesThatMatch(SOURCE, ways, ['src/lib/clock.ts', 'ui/app/clock.ts'])).toEqual([]);
  });

  test('chance comes from a Random', () => {
    const ways = /\bMath\.random\(|\brandomUUID\(|\brandomBytes\(/;
    expect(linesThatMatch(SOURCE, ways, ['src/lib/random.ts'])).toEqual([]);
  });

  test('no module keeps changing state', () => {
    expect(linesThatMatch(SOURCE, /^(export )?(let|var) /)).toEqual([]);
    const emptyHolder =
      /^(export )?const \w+(: (?!Readonly|readonly)[^=]+)? = (\[\]|\{\}|new (Map|Set|WeakSet)(<[^(]*>)?\(\));/;
    expect(linesThatMatch(SOURCE, emptyHolder)).toEqual([]);
  });

  test('nothing is left for later or switched off by a comment', () => {
    const marks = [
      ['TO', 'DO'],
      ['FIX', 'ME'],
      ['XX', 'X'],
      ['biome', '-ignore'],
      ['@ts', '-ignore'],
      ['@ts', '-expect-error'],
      ['oxlint', '-disable'],
    ].map((halves) => halves.join(''));
    const pattern = new RegExp(marks.map((mark) => `${mark}\\b`).join('|'));
    const found = [...SOURCE, ...TESTS, ...sourceFiles('*.md', 'bin/*')].filter((file) =>
      pattern.test(readSource(file)),
    );
    expect(found).toEqual([]);
  });

  test('names say what a file holds', () => {
    const vague = /(^|[/-])(utils?|helpers?|common|managers?|misc|index)(\.|\/)/;
    expect([...SOURCE, ...TESTS].filter((file) => vague.test(file))).toEqual([]);
  });
});
