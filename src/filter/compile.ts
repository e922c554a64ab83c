/**
 * Filter text + fields of a kind of document → predicate over such documents.
 *
 * Everything that can be wrong is found here, before any document is looked at: unknown selectors, operators that a
 * field does not have, values that are not of its kind. A predicate never throws.
 */
import { parseBoolean } from '../lib/boolean.ts';
import { type Pattern, patternCompiler } from '../lib/pattern.ts';
import { type Field, type FieldKind, FieldTree } from './fields.ts';
import { type Expression, type Operator, parseFilter, refuseFilter } from './parse-filter.ts';

export type Predicate = (document: unknown) => boolean;

/** A comparison, and what compiles the patterns of its filter. */
type MatchExpression = Extract<Expression, { type: 'match' }> & {
  readonly compilePattern: (source: string) => Pattern | string;
};

/** The Go names of operators in error texts. */
function operatorName({ kind, negated }: Operator): string {
  if (kind === 'Empty') return negated ? 'Is Not Empty' : 'Is Empty';
  return negated ? `Not ${kind}` : kind;
}

/** Whether a selector's value holds; `undefined` is a value that is not there. */
type Test = (value: unknown) => boolean;

const INTEGER = /^[+-]?\d{1,18}$/;

function refuseValue({ selector, value }: MatchExpression, parser: string): never {
  const quoted = JSON.stringify(value);
  refuseFilter(
    `Failed to coerce value ${quoted} for selector "${selector.join('.')}": strconv.${parser}: parsing ${quoted}: invalid syntax`,
  );
}

function patternTest({ value, compilePattern }: MatchExpression): Test {
  const pattern = compilePattern(value);
  if (typeof pattern === 'string')
    return refuseFilter(`Failed to compile regular expression ${JSON.stringify(value)}: ${pattern}`);
  return (text) => pattern.match(String(text ?? '')) !== undefined;
}

function textTest(match: MatchExpression): Test | undefined {
  const { operator, value } = match;
  switch (operator.kind) {
    case 'Equal':
      return (text) => (text ?? '') === value;
    case 'In':
      return (text) => String(text ?? '').includes(value);
    case 'Matches':
      return patternTest(match);
    case 'Empty':
      return undefined;
  }
}

function numberTest(match: MatchExpression): Test | undefined {
  if (match.operator.kind !== 'Equal') return undefined;
  if (!INTEGER.test(match.value)) refuseValue(match, 'ParseInt');
  const wanted = Number(match.value);
  return (number) => (number ?? 0) === wanted;
}

function booleanTest(match: MatchExpression): Test | undefined {
  if (match.operator.kind !== 'Equal') return undefined;
  const wanted = parseBoolean(match.value);
  if (wanted === undefined) refuseValue(match, 'ParseBool');
  return (flag) => (flag ?? false) === wanted;
}

function keysOf(value: unknown): readonly string[] {
  if (value instanceof Map) return [...(value as Map<string, unknown>).keys()];
  return typeof value === 'object' && value !== null ? Object.keys(value) : [];
}

function collectionTest(
  { operator, value }: MatchExpression,
  entriesOf: (value: unknown) => readonly unknown[],
) {
  if (operator.kind === 'Empty') return (list: unknown) => entriesOf(list).length === 0;
  return operator.kind === 'In' ? (list: unknown) => entriesOf(list).includes(value) : undefined;
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const KIND_TESTS: Readonly<Record<FieldKind, (match: MatchExpression) => Test | undefined>> = {
  text: textTest,
  number: numberTest,
  boolean: booleanTest,
  list: (match) => collectionTest(match, listOf),
  map: (match) => collectionTest(match, keysOf),
};

function testOf(field: Field, match: MatchExpression): Test | undefined {
  if (typeof field === 'string') return KIND_TESTS[field](match);
  if (field instanceof FieldTree) return undefined;
  if ('values' in field) return collectionTest(match, keysOf);
  return match.operator.kind === 'Empty' ? (list) => listOf(list).length === 0 : undefined;
}

function memberOf(container: unknown, name: string): unknown {
  if (container instanceof Map) return (container as Map<string, unknown>).get(name);
  if (typeof container !== 'object' || container === null || !Object.hasOwn(container, name))
    return undefined;
  return (container as Record<string, unknown>)[name];
}

/** The predicate of a match from here down `path`. */
function walk(field: Field, path: readonly string[], match: MatchExpression): Predicate {
  const { operator, selector } = match;
  const [name, ...rest] = path;
  if (name === undefined) {
    const test = testOf(field, match);
    if (!test)
      return refuseFilter(
        `Invalid match operator "${operatorName(operator)}" for selector "${selector.join('.')}"`,
      );
    return operator.negated ? (value) => !test(value) : test;
  }
  if (field instanceof FieldTree) return walkTree(field, path, match);
  if (field === 'map') return walkKey('text', path, match);
  if (typeof field === 'object' && 'values' in field) return walkKey(field.values, path, match);
  if (typeof field === 'object') {
    const holds = walk(field.items, path, match);
    return (value) => listOf(value).some(holds);
  }
  return refuseSelector(match, rest);
}

/** The refusal names the selector up to where it leads nowhere: all but `rest`. */
function refuseSelector({ selector }: MatchExpression, rest: readonly string[]): never {
  const shown = selector.slice(0, selector.length - rest.length);
  return refuseFilter(`Selector "${shown.join('.')}" is not valid`);
}

function walkTree(
  tree: FieldTree,
  [name = '', ...rest]: readonly string[],
  match: MatchExpression,
): Predicate {
  if (!Object.hasOwn(tree.fields, name)) return refuseSelector(match, rest);
  const holds = walk(tree.fields[name] as Field, rest, match);
  return (value) => holds(memberOf(value, name));
}

/** A key that is not there equals nothing, contains nothing and matches nothing. */
function walkKey(field: Field, [key = '', ...rest]: readonly string[], match: MatchExpression): Predicate {
  const holds = walk(field, rest, match);
  const { negated } = match.operator;
  return (value) => {
    const member = memberOf(value, key);
    return member === undefined ? negated : holds(member);
  };
}

type BuildMatch = (match: Extract<Expression, { type: 'match' }>) => Predicate;

function build(expression: Expression, buildMatch: BuildMatch): Predicate {
  switch (expression.type) {
    case 'and': {
      const [left, right] = [build(expression.left, buildMatch), build(expression.right, buildMatch)];
      return (document) => left(document) && right(document);
    }
    case 'or': {
      const [left, right] = [build(expression.left, buildMatch), build(expression.right, buildMatch)];
      return (document) => left(document) || right(document);
    }
    case 'not': {
      const inner = build(expression.inner, buildMatch);
      return (document) => !inner(document);
    }
    case 'match':
      return buildMatch(expression);
  }
}

/** Compile a filter for documents with these fields. Throws bad_filter. */
export function compileFilter(text: string, fields: FieldTree): Predicate {
  const compilePattern = patternCompiler();
  return build(parseFilter(text), (match) => walk(fields, match.selector, { ...match, compilePattern }));
}
