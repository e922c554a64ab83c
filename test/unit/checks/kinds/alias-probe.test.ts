import { expect, test } from 'vitest';
import { aliasResult } from '../../../../src/checks/kinds/alias-probe.ts';
import type { CheckId, CheckRow, CheckStatus } from '../../../../src/model/types.ts';

const SPEC = { kind: 'alias', node: '', serviceId: 'web' } as const;
const OWN = 'alias' as CheckId;

function row(id: string, status: CheckStatus): CheckRow {
  return { id, name: `check ${id}`, status, output: `out ${id}` } as CheckRow;
}

test('the first critical check decides, else the first with a warning', () => {
  const [a, b, c] = [row('a', 'passing'), row('b', 'warning'), row('c', 'critical')];
  const of = (...checks: CheckRow[]) => aliasResult(SPEC, OWN, { checks, isKnown: true });
  expect(of(a, b, c)).toEqual({
    status: 'critical',
    output: 'Aliased check "check c" failing: out c',
  });
  expect(of(a, b)).toEqual({ status: 'warning', output: 'Aliased check "check b" failing: out b' });
  expect(of(a)).toEqual({ status: 'passing', output: 'All checks passing.' });
  expect(of()).toEqual({ status: 'passing', output: 'No checks found.' });
});

test('a service that is not there is critical', () => {
  expect(aliasResult({ ...SPEC, node: 'n1' }, OWN, { checks: [], isKnown: false })).toEqual({
    status: 'critical',
    output: 'Service web could not be found on node n1',
  });
});

test('an alias does not follow itself', () => {
  const own = row('alias', 'critical');
  expect(aliasResult(SPEC, OWN, { checks: [own], isKnown: true }).status).toBe('passing');
});
