import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ACCEPTED_FLAGS, ACCEPTED_KEYS } from '../../../../src/agent/config/accepted-keys.ts';
import type { OptionSpec } from '../../../../src/agent/config/option-spec.ts';
import { valueFromJson } from '../../../../src/agent/config/option-values.ts';
import { OPTION_KEYS, OPTIONS } from '../../../../src/agent/config/options.ts';

const AGENT_DIR = fileURLToPath(new URL('../../../../src/agent', import.meta.url));

describe('the option table', () => {
  it('has no option that is read from files and used nowhere', () => {
    const users = fs
      .readdirSync(AGENT_DIR, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !/(?:^|\/)(?:options|accepted-keys|check-config)/.test(name))
      .map((name) => fs.readFileSync(path.join(AGENT_DIR, name), 'utf8'))
      .join('\n');
    const isUsed = (key: string): boolean =>
      users.includes(`['${key}']`) ||
      users.includes(`['${key}', '`) ||
      users.includes(`', '${key}']`) ||
      users.includes(`'${key}':`) ||
      new RegExp(`(?:[.,{] ?)${key}\\b`).test(users);
    expect(OPTION_KEYS.filter((key) => !isUsed(key))).toEqual([]);
  });

  it('has no key that is both an option and accepted without meaning', () => {
    const names = OPTION_KEYS.flatMap((key) => [key, ...((OPTIONS[key] as OptionSpec).aliases ?? [])]);
    expect(names.filter((name) => ACCEPTED_KEYS.has(name))).toEqual([]);
  });

  it('has no flag twice', () => {
    const flags = OPTION_KEYS.flatMap((key) => (OPTIONS[key] as OptionSpec).flag ?? []);
    expect(new Set(flags).size).toBe(flags.length);
    expect(Object.keys(ACCEPTED_FLAGS).filter((flag) => flags.includes(flag))).toEqual([]);
  });

  it('has defaults that its own rules accept', () => {
    for (const key of OPTION_KEYS) {
      const spec: OptionSpec = OPTIONS[key];
      // Durations are milliseconds inside, and nanoseconds where files give numbers.
      const given = spec.kind === 'duration' ? spec.default * 1e6 : spec.default;
      const isList = spec.kind === 'addresses';
      expect(() => valueFromJson(spec, isList ? spec.default.join(' ') : given), key).not.toThrow();
    }
  });

  it('says one sentence about each option', () => {
    for (const key of OPTION_KEYS) expect(OPTIONS[key].doc, key).toMatch(/^[A-Z-].*\.$/);
  });
});
