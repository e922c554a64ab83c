import { describe, expect, it } from 'vitest';
import { certificateWatchPart } from '../../../src/agent/certificate-watch-part.ts';
import type { SecureState } from '../../../src/agent/secure-settings.ts';
import { Security } from '../../../src/agent/security.ts';
import { Metrics } from '../../../src/metrics/metrics.ts';
import { makeAuthority } from '../../support/made-certificates.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { secureSettings } from '../../support/test-certificates.ts';

const DAY_MS = 86_400_000;
const NO_KEYS = { certificate: '', key: '', authorities: [] };

async function stateFor(days: number, exposed: readonly string[] = []): Promise<SecureState> {
  const authority = await makeAuthority();
  const made = await authority.sign({ dnsNames: ['localhost'] }, days);
  const https = secureSettings({ material: { ...made, authorities: [authority.certificate] } });
  const rpc = { isAsked: false, isServerNamed: false, material: NO_KEYS };
  return { https, dns: https, rpc, areWatchesStrict: false, files: [], exposed };
}

async function watching(state: SecureState) {
  const clock = manualClock(Date.now());
  const said: { readonly fields: object; readonly text: string }[] = [];
  const security = new Security(state);
  const metrics = new Metrics();
  const log = { warn: (fields: object, text: string) => void said.push({ fields, text }) };
  const part = certificateWatchPart(security, { clock, metrics, log });
  await part.start();
  const secondsLeft = () => metrics.collect().get('tls_certificate_seconds')?.valueOf('https') ?? 0;
  return { clock, said, security, secondsLeft, part };
}

describe('a certificate', () => {
  it('that holds for long is not spoken of, but measured', async () => {
    const { said, secondsLeft } = await watching(await stateFor(90));
    expect(said).toEqual([]);
    expect(secondsLeft() / 86_400).toBeCloseTo(90, 1);
  });

  it('is spoken of each day of its last four weeks, and when it has ended', async () => {
    const { clock, said, secondsLeft } = await watching(await stateFor(29.5));
    for (let day = 0; day < 31; day += 1) clock.advance(DAY_MS);
    const days = said.map(({ fields }) => (fields as { days?: number }).days);
    expect(days).toEqual([...Array.from({ length: 28 }, (_, i) => 27 - i), undefined, undefined]);
    expect(said.at(-1)?.text).toBe('the certificate has ended, clients will refuse it');
    expect(secondsLeft()).toBeLessThan(0);
  });

  it('that takes the place of one that ends is looked at at once', async () => {
    const { said, security, secondsLeft } = await watching(await stateFor(3));
    expect(said).toHaveLength(1);
    security.replace(await stateFor(200));
    expect(said).toHaveLength(1);
    expect(secondsLeft() / 86_400).toBeCloseTo(200, 1);
  });

  it('whose key everybody may read is spoken of', async () => {
    const { said } = await watching(await stateFor(90, ['/key.pem']));
    expect(said).toEqual([
      { fields: { file: '/key.pem' }, text: 'every user of this machine may read this key; chmod o-r it' },
    ]);
  });

  it('is nothing to an agent without one', async () => {
    const https = secureSettings({ material: NO_KEYS });
    const state = { ...(await stateFor(9)), https };
    expect((await watching(state)).said).toEqual([]);
  });
});
