/** What the page says about the value of a key: what may be wrong with it, and what became of its lines. */
import { describe, expect, test } from 'vitest';
import { valueProblem } from '../../../ui/app/value-problem.ts';
import { diffLines } from '../../../ui/parts/line-diff.ts';
import { yamlProblem } from '../../../ui/parts/yaml-problem.ts';

const GOOD_YAML = `# settings
%YAML 1.2
---
name: "web: main"
ports: [80, 443]
hosts:
- a.example
- b.example
limits: { cpu: 2, memory: 1Gi }
env:
  - name: PATH
    value: /bin:/usr/bin
  - name: NOTE
    value: it's fine
script: |
  if true; then
	echo tabs are text here
    fi
  name: text
folded: >-
  words: that
  go on
plain: text that
  goes on here
many: [
  1,
  2
]
anchor: &a
  x: 1
other:
  <<: *a
  x: 2
url: http://example.org/#top
time: 12:30:45
"quoted key": 1
...
---
name: again
`;

describe('YAML', () => {
  test('that is right is left alone', () => {
    expect(yamlProblem(GOOD_YAML)).toBeUndefined();
    expect(yamlProblem('- a\n-\n  b: 1\n  c: 2\n- - 1\n  - 2\n')).toBeUndefined();
    expect(yamlProblem('just words')).toBeUndefined();
  });

  test.each([
    ['a: 1\n\tb: 2', 2, 'tab'],
    ['a:\n    b: 1\n  c: 2', 3, 'indented like nothing'],
    ['a: 1\nb: 2\na: 3', 3, 'second time'],
    ['a:\n  - x: 1\n    x: 2', 3, 'second time'],
    ['a: "open\nb: 1', 1, 'quote'],
    ['a: [1, 2\nb: 1', 1, 'bracket'],
  ])('%j is wrong in line %i', (text, line, why) => {
    const problem = yamlProblem(text);
    expect(problem?.line).toBe(line);
    expect(problem?.text).toContain(why);
  });
});

describe('a value', () => {
  test('is checked by the name of its key, or as JSON when it begins like an object', () => {
    expect(valueProblem('app/a.json', '[1,')).toMatchObject({ form: 'JSON', line: 1 });
    expect(valueProblem('app/a', '{\n "a": 1,\n}')).toMatchObject({ form: 'JSON', line: 3 });
    expect(valueProblem('app/a.yml', 'a: 1\na: 2')).toMatchObject({ form: 'YAML', line: 2 });
  });

  test('of another form is not', () => {
    for (const text of ['', '[section]\nx=1', '{{ range services }}', 'hello'])
      expect(valueProblem('app/a', text)).toBeUndefined();
    expect(valueProblem('app/a.json', '{}')).toBeUndefined();
  });
});

describe('a difference', () => {
  const said = (before: string, after: string) =>
    diffLines(before, after).map(({ kind, text }) => `${kind} ${text}`);

  test('says which lines went and came', () => {
    expect(said('a\nb\nc', 'a\nx\nc')).toEqual(['same a', 'gone b', 'new x', 'same c']);
    expect(said('', 'a')).toEqual(['new a']);
    expect(said('same', 'same')).toEqual([]);
  });

  test('leaves out what is far from a change', () => {
    const lines = Array.from({ length: 10 }, (_, at) => `line ${at}`);
    const after = [...lines.slice(0, 9), 'other'];
    expect(said(lines.join('\n'), after.join('\n'))).toEqual([
      'skipped 7',
      'same line 7',
      'same line 8',
      'gone line 9',
      'new other',
    ]);
  });

  test('of two very long texts is bounded', () => {
    const long = (word: string) => Array.from({ length: 1_000 }, (_, at) => `${word} ${at}`).join('\n');
    expect(diffLines(long('a'), long('b'))).toHaveLength(2_000);
  });
});
