import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { osServiceProbe } from '../../../../src/checks/kinds/os-service-probe.ts';
import { runProbe } from '../../../support/run-probe.ts';

/** A program that answers as systemctl does for a machine where only nginx runs. */
function fakeSystemctl(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-systemctl-'));
  onTestFinished(() => fs.rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'systemctl');
  const line = '[ "$1 $2 $3" = "is-active -- nginx" ] && echo active || { echo inactive; exit 3; }';
  fs.writeFileSync(file, `#!/bin/sh\n${line}\n`, { mode: 0o755 });
  return file;
}

test('a unit that systemd calls active passes, any other is critical', async () => {
  const probe = osServiceProbe(fakeSystemctl());
  expect(await runProbe(probe, { OSService: 'nginx' })).toEqual({
    status: 'passing',
    output: 'Service nginx is active',
  });
  expect(await runProbe(probe, { OSService: '--version' })).toEqual({
    status: 'critical',
    output: 'Service --version is not running: inactive',
  });
});

test('without systemd it is critical and says why', async () => {
  const probe = osServiceProbe('/no/such/systemctl');
  expect(await runProbe(probe, { OSService: 'nginx' })).toEqual({
    status: 'critical',
    output: 'Service nginx cannot be looked up: fork/exec /no/such/systemctl: no such file or directory',
  });
});
