/**
 * The past of instances as it is drawn: stretches of one state, and how many were answered at each moment. Pure.
 */
import type { HealthPast, PastInstance, PastSpan } from '../api/shapes.ts';

/** A stretch of one state, its place and width as shares of the whole time. */
export interface Stretch {
  readonly status: PastSpan['Status'];
  readonly fromMs: number;
  readonly untilMs: number;
  readonly left: number;
  readonly width: number;
}

export interface Window {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** The stretch of time that was asked for; what lies before `From` of the answer is not remembered. */
export function windowOf(past: HealthPast, lastMs: number): Window {
  const untilMs = Date.parse(past.To);
  return { fromMs: untilMs - lastMs, untilMs };
}

/** In the order of time, without the stretches in which it was not registered. */
export function stretchesOf(spans: readonly PastSpan[], { fromMs, untilMs }: Window): readonly Stretch[] {
  const whole = Math.max(untilMs - fromMs, 1);
  return spans.flatMap(({ At, Status }, at) => {
    const next = spans[at + 1];
    const begin = Math.max(Date.parse(At), fromMs);
    const end = Math.min(next ? Date.parse(next.At) : untilMs, untilMs);
    if (Status === 'absent' || end <= begin) return [];
    const stretch: Stretch = {
      status: Status,
      fromMs: begin,
      untilMs: end,
      left: (begin - fromMs) / whole,
      width: (end - begin) / whole,
    };
    return [stretch];
  });
}

const isUp = (status: PastSpan['Status']): boolean => status === 'passing' || status === 'warning';

/** Of one part of the time: how many instances there were on average, and how many of them were answered. */
export interface Part {
  readonly registered: number;
  readonly up: number;
}

/** Add so many instances, and those of them that were answered, to the parts that a stretch covers. */
function addStretch(
  parts: { registered: number; up: number }[],
  { left, width }: Pick<Stretch, 'left' | 'width'>,
  { registered, up }: Part,
): void {
  const [begin, end] = [left * parts.length, (left + width) * parts.length];
  for (const [at, part] of parts.entries()) {
    const share = Math.min(end, at + 1) - Math.max(begin, at);
    if (share <= 0) continue;
    part.registered += share * registered;
    part.up += share * up;
  }
}

/** The time of the answer in `count` parts; parts of which nothing is remembered have no instances. */
export function partsOf(past: HealthPast, window: Window, count: number): readonly Part[] {
  const parts = Array.from({ length: count }, () => ({ registered: 0, up: 0 }));
  const { passing = 0, warning = 0, critical = 0, maintenance = 0 } = past.Steady;
  const up = passing + warning;
  for (const known of stretchesOf([{ At: past.From, Status: 'passing' }], window))
    addStretch(parts, known, { registered: up + critical + maintenance, up });
  for (const { ServiceID, Spans } of past.Instances)
    for (const stretch of ServiceID === '' ? [] : stretchesOf(Spans, window))
      if (stretch.status !== 'unknown')
        addStretch(parts, stretch, { registered: 1, up: isUp(stretch.status) ? 1 : 0 });
  return parts;
}

/** "99.3 %", never rounded up to the whole. */
export function shareText(share: number): string {
  if (share >= 1) return '100 %';
  const percent = Math.floor(share * 1_000) / 10;
  return share > 0.999 ? '99.9 %' : `${percent} %`;
}

/** The instance with this id on a node, if it changed. */
export function pastOf(past: HealthPast | undefined, node: string, id: string): PastInstance | undefined {
  return past?.Instances.find((each) => each.Node === node && each.ServiceID === id);
}
