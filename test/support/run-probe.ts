/**
 * One run of a probe with a real time limit, as the scheduler would do it.
 */
import type { PolledKind, Probe, ProbeResult } from '../../src/checks/check.ts';
import type { ProbeSpec } from '../../src/model/types.ts';
import { checkFrom } from './local-agent.ts';

interface Limits {
  readonly timeoutMs?: number;
  readonly outputMaxBytes?: number;
}

/** Run a probe for the check that the API's JSON describes. */
export async function runProbe<Kind extends PolledKind>(
  probe: Probe<Kind>,
  json: object,
  { timeoutMs = 3_000, outputMaxBytes = 4_096 }: Limits = {},
): Promise<ProbeResult> {
  const { probe: spec } = checkFrom({ Name: 'c', Interval: '10s', ...json });
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), timeoutMs);
  const limits = { timeoutMs, outputMaxBytes, signal: controller.signal };
  try {
    return await probe(spec as Extract<ProbeSpec, { kind: Kind }>, limits);
  } finally {
    clearTimeout(timer);
  }
}
