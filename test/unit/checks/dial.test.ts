import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createDial } from '../../../src/checks/dial.ts';
import { httpProbe } from '../../../src/checks/kinds/http-probe.ts';
import { runProbe } from '../../support/run-probe.ts';
import { httpsTarget } from '../../support/targets.ts';
import { TEST_CERTIFICATE } from '../../support/tls-certificate.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-authorities-'));

beforeAll(() => {
  // The machine's own authorities, as an administrator would have added one; read once for each process.
  const file = path.join(folder, 'ca.pem');
  fs.writeFileSync(file, `${TEST_CERTIFICATE}\n`);
  vi.stubEnv('SSL_CERT_FILE', file);
});
afterAll(() => {
  vi.unstubAllEnvs();
  fs.rmSync(folder, { recursive: true });
});

test('a certificate of an authority that the machine trusts passes, for the name that it is made out to', async () => {
  const probe = httpProbe(createDial());
  const port = await httpsTarget((_, response) => response.end('ok'));
  const HTTP = `https://127.0.0.1:${port}/`;
  expect((await runProbe(probe, { HTTP, TLSServerName: 'check.example' })).status).toBe('passing');
  expect(await runProbe(probe, { HTTP, TLSServerName: 'other.example' })).toEqual({
    status: 'critical',
    output: `Get "${HTTP}": x509: certificate is valid for check.example, not other.example`,
  });
  expect((await runProbe(probe, { HTTP })).output).toBe(
    `Get "${HTTP}": x509: cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs`,
  );
});
