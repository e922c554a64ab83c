import { describe, expect, it } from 'vitest';
import { parseHcl } from '../../../../src/agent/config/hcl.ts';

const tree = (text: string) => parseHcl('f.hcl', text).tree;

describe('parseHcl', () => {
  it.each(['__proto__', 'constructor', 'toString'])('takes %s as a key like any other', (key) => {
    const { node_meta: meta } = tree(`node_meta { "${key}" = "x" }`) as { node_meta: object };
    expect(Object.entries(meta)).toEqual([[key, 'x']]);
    expect(Object.keys(tree(`"${key}" = "x"`))).toEqual([key]);
  });

  it.each([
    ['ports { http = 8500, dns = 8600 }', { ports: { http: 8500, dns: 8600 } }],
    ['ports = { http = 8500 }', { ports: { http: 8500 } }],
    ['"quoted key" = true', { 'quoted key': true }],
    ['a = 1 b = "x"', { a: 1, b: 'x' }],
    ['a = 0x1F\nb = -1.5e3\nc = null', { a: 31, b: -1500, c: null }],
    ['list = [1, "two", [3], { four = 4 },]', { list: [1, 'two', [3], { four: 4 }] }],
    ['# one\n// two\n/* three\n */ a = 1 # four', { a: 1 }],
    ['service "web" { port = 80 }', { service: { web: { port: 80 } } }],
    ['text = "a\\n\\"b\\" \\u00e9"', { text: 'a\n"b" é' }],
    ['{"a": {"b": [1, {"c": 2}]}}', { a: { b: [1, { c: 2 }] } }],
    ['', {}],
  ])('reads %s', (text, expected) => {
    expect(tree(text)).toEqual(expected);
  });

  it('reads heredocs, and takes the indentation off those with a dash', () => {
    expect(tree('a = <<EOF\n  one\ntwo\nEOF\nb = <<-END\n    one\n      two\n  END\n')).toEqual({
      a: '  one\ntwo\n',
      b: 'one\n  two\n',
    });
  });

  it('makes a list of a repeated block, and of a single one where a list is expected', () => {
    expect(tree('x { a = 1 }\nx { a = 2 }\nchecks { ttl = "1s" }')).toEqual({
      x: [{ a: 1 }, { a: 2 }],
      checks: [{ ttl: '1s' }],
    });
  });

  it('keeps templates, whether their quotes are escaped or not', () => {
    const expected = { id: 'web-{{ env "POD" }}' };
    expect(tree('id = "web-{{ env "POD" }}"')).toEqual(expected);
    expect(tree('id = "web-{{ env \\"POD\\" }}"')).toEqual(expected);
  });

  it('knows the line of every key', () => {
    const { lines } = parseHcl('f', 'a = 1\n\nservice {\n  name = "x"\n  check {\n    ttl = "1s"\n  }\n}\n');
    expect(Object.fromEntries(lines)).toEqual({
      a: 1,
      service: 3,
      'service.name': 4,
      'service.check': 5,
      'service.check.ttl': 6,
    });
  });

  it.each([
    ['a {\n  b =\n}', 'f.hcl:3:1: not valid HCL'],
    ['a = "open', 'f.hcl:1:5: not valid HCL'],
    ['a { b = 1', 'f.hcl:1:10: not valid HCL'],
    ['a = 12abc', 'f.hcl:1:5: not valid HCL'],
  ])('refuses %j with line and column', (text, message) => {
    expect(() => tree(text)).toThrow(message);
  });

  it('refuses a text that is nested deeper than the parser can follow', () => {
    const deep = `a = ${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    expect(() => tree(deep)).toThrow('f.hcl: nested too deeply');
  });
});
