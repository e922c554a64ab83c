/**
 * One run of a check outside of its times: what it would report now. Nothing is kept or published.
 */
import type { Clock } from '../lib/clock.ts';
import type { CheckDefinition } from '../model/types.ts';
import type { Follow, PolledKind, Probe, ProbeResult, Probes } from './check.ts';

export interface TestRun extends ProbeResult {
  readonly durationMs: number;
}

export interface RunOnceParts {
  readonly clock: Clock;
  readonly probes: Probes;
  readonly follow: Follow;
}

/** Run it now; undefined for kinds that nobody can ask (ttl, maintenance). Never rejects but for a bug in a probe. */
export async function runOnce(
  { clock, probes, follow }: RunOnceParts,
  { id, probe: spec, timeoutMs, outputMaxBytes }: CheckDefinition,
): Promise<TestRun | undefined> {
  if (spec.kind === 'ttl' || spec.kind === 'none') return undefined;
  if (spec.kind === 'alias') {
    let seen: ProbeResult | undefined;
    follow(spec, id, (result) => {
      seen ??= result;
    })();
    return seen && { ...seen, durationMs: 0 };
  }
  const controller = new AbortController();
  const timer = clock.after(timeoutMs, () => controller.abort());
  const startedMs = clock.monotonic();
  try {
    const probe = probes[spec.kind] as Probe<PolledKind>;
    const result = await probe(spec, { timeoutMs, outputMaxBytes, signal: controller.signal });
    return { ...result, durationMs: clock.monotonic() - startedMs };
  } finally {
    timer.cancel();
  }
}
