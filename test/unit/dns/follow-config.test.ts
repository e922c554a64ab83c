import { expect, test } from 'vitest';
import { DNS_DEFAULTS, type DnsConfig } from '../../../src/dns/dns-config.ts';
import { followConfig } from '../../../src/dns/follow-config.ts';

/** A configuration that is changed by `replace`, and what was applied of it. */
function source(): {
  readonly begin: (applied: DnsConfig) => () => void;
  readonly replace: (config: DnsConfig) => void;
  readonly applied: readonly number[];
  readonly listeners: ReadonlySet<unknown>;
} {
  let present = DNS_DEFAULTS;
  const listeners = new Set<(config: DnsConfig) => void>();
  const applied: number[] = [];
  const onConfig = (listener: (config: DnsConfig) => void): (() => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  return {
    applied,
    listeners,
    begin: (first) =>
      followConfig({ config: () => present, onConfig }, first, (next) =>
        applied.push(next.recursorMaxInFlight),
      ),
    replace: (config) => {
      present = config;
      for (const listener of listeners) listener(config);
    },
  };
}

const withLimit = (recursorMaxInFlight: number): DnsConfig => ({ ...DNS_DEFAULTS, recursorMaxInFlight });

test('a change is applied at once and once, the one that came before the listener too', () => {
  const { begin, replace, applied } = source();
  replace(withLimit(1));
  begin(DNS_DEFAULTS);
  expect(applied).toEqual([1]);
  const two = withLimit(2);
  replace(two);
  replace(two);
  expect(applied).toEqual([1, 2]);
});

test('what is in force already is not applied again, and nothing after the end', () => {
  const { begin, replace, applied, listeners } = source();
  const end = begin(DNS_DEFAULTS);
  expect(applied).toEqual([]);
  end();
  replace(withLimit(3));
  expect([applied, listeners.size]).toEqual([[], 0]);
});
