import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Draft } from '../../../src/catalog/draft.ts';
import { State } from '../../../src/catalog/state.ts';
import { Table } from '../../../src/catalog/table.ts';
import { TABLES, type View } from '../../../src/catalog/tables.ts';
import { KvValue } from '../../../src/model/kv-value.ts';
import { type KvRow, UNSTAMPED } from '../../../src/model/types.ts';

interface Row {
  readonly id: string;
  readonly color?: string;
}

const colors = () =>
  new Table<Row, 'color'>({ key: (row) => row.id, indexes: { color: (row) => row.color } });
const ids = (rows: Iterable<Row>): string[] => [...rows].map(({ id }) => id).sort();

describe('a table', () => {
  test('finds rows by an index, also after they changed or went', () => {
    const table = colors();
    table.put({ id: 'a', color: 'red' });
    table.put({ id: 'b', color: 'red' });
    table.put({ id: 'a', color: 'blue' });
    table.remove('b');
    expect([ids(table.by('color', 'red')), ids(table.by('color', 'blue'))]).toEqual([[], ['a']]);
  });

  test('gives the rows of a prefix in the order of their keys, whatever was inserted and removed before', () => {
    const step = fc.record({
      id: fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 4 }),
      isGone: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.array(step),
        fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 2 }),
        (steps, prefix) => {
          const table = colors();
          expect([...table.withPrefix('')]).toEqual([]); // from here on the table keeps its keys sorted
          const model = new Set<string>();
          for (const { id, isGone } of steps) {
            if (isGone) table.remove(id);
            else table.put({ id });
            if (isGone) model.delete(id);
            else model.add(id);
          }
          const expected = [...model].filter((id) => id.startsWith(prefix)).sort();
          expect([...table.withPrefix(prefix)].map(({ id }) => id)).toEqual(expected);
          expect(table.keysWithPrefix(prefix)).toEqual(expected);
        },
      ),
    );
  });
});

const entry = (key: string, value: string, session = ''): KvRow =>
  ({ ...UNSTAMPED, key, value: KvValue.from(btoa(value)), flags: '0', lockIndex: 0, session }) as KvRow;

/** What each way of reading the kv table gives, in a form that can be compared. */
function everyRead({ kv }: View): unknown {
  const texts = (rows: Iterable<KvRow>) => [...rows].map((row) => `${row.key}=${row.value}@${row.session}`);
  return {
    values: texts(kv.values()).sort(),
    prefix: texts(kv.withPrefix('c/')),
    bySession: texts(kv.by('session', 's1')).sort(),
    one: kv.get('a')?.value,
    size: kv.size,
  };
}

describe('a draft', () => {
  test('looks like the state will after its changes are installed, in every kind of read', () => {
    const key = fc.constantFrom('a', 'b', 'c/1', 'c/2');
    const session = fc.constantFrom('', 's1', 's2');
    const step = fc.tuple(key, fc.constantFrom('x', 'y'), session, fc.boolean());
    fc.assert(
      fc.property(fc.array(step), fc.array(step), (before, after) => {
        const state = new State(TABLES);
        for (const [k, v, s] of before) state.install([{ op: 'put', table: 'kv', row: entry(k, v, s) }], 1);
        const draft = new Draft(state.view, TABLES);
        for (const [k, v, s, isGone] of after) {
          if (isGone) draft.remove('kv', k);
          else draft.put('kv', entry(k, v, s));
        }
        const drafted = everyRead(draft.view);
        state.install(draft.changes, 2);
        expect(drafted).toEqual(everyRead(state.view));
      }),
    );
  });

  test('does not touch what it lies over', () => {
    const state = new State(TABLES);
    state.install([{ op: 'put', table: 'kv', row: entry('a', 'x') }], 1);
    const draft = new Draft(state.view, TABLES);
    draft.remove('kv', 'a');
    draft.put('kv', entry('b', 'y'));
    expect([...state.view.kv.values()].map(({ key }) => key)).toEqual(['a']);
  });

  test('records nothing for content that is there already', () => {
    const state = new State(TABLES);
    state.install([{ op: 'put', table: 'kv', row: entry('a', 'x') }], 1);
    const draft = new Draft(state.view, TABLES);
    expect(draft.put('kv', entry('a', 'x'))).toBe(false);
    expect(draft.remove('kv', 'nothing')).toBe(false);
    expect(draft.changes).toEqual([]);
  });
});
