import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RawNumber, SortedMap, sorted, toJson } from '../../../../src/http/documents/go-json.ts';

describe('JSON as Consul writes it', () => {
  test('objects keep their order and leave out what is undefined', () => {
    expect(toJson({ b: 1, a: undefined, c: null }, false)).toBe('{"b":1,"c":null}');
  });

  test('maps are sorted as text, numbers among the keys too', () => {
    expect(toJson(sorted({ b: 'x', '10': 'y', '9': 'z' }), false)).toBe('{"10":"y","9":"z","b":"x"}');
    expect(
      toJson(
        new SortedMap([
          ['b', 1],
          ['__proto__', 2],
        ]),
        false,
      ),
    ).toBe('{"__proto__":2,"b":1}');
    expect(toJson(sorted({}), false)).toBe('{}');
    expect(toJson(sorted(null), false)).toBe('null');
  });

  test('characters that could end a script are escaped', () => {
    expect(toJson('<a href="x">&\u2028\u2029', false)).toBe(
      '"\\u003ca href=\\"x\\"\\u003e\\u0026\\u2028\\u2029"',
    );
  });

  test('pretty is four spaces, and what is empty stays on its line', () => {
    expect(toJson({ a: [], b: {}, c: [1, { d: 'x' }] }, true)).toBe(
      '{\n    "a": [],\n    "b": {},\n    "c": [\n        1,\n        {\n            "d": "x"\n        }\n    ]\n}\n',
    );
  });

  test('digits beyond what a number holds are written as they are', () => {
    expect(toJson([new RawNumber('18446744073709551615')], false)).toBe('[18446744073709551615]');
  });

  test('whatever is written reads back', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.boolean(), (value, isPretty) => {
        expect(JSON.parse(toJson(value, isPretty))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});
