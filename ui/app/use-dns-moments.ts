/** What DNS did in the last two minutes, looked at as long as a component shows it. */
import { useEffect } from 'preact/hooks';
import { METRICS } from '../api/paths.ts';
import type { Metrics } from '../api/shapes.ts';
import { useLive } from '../api/use-live.ts';
import { useApp } from './app.ts';
import { type DnsMoment, LOOK_EVERY_MS } from './dns-history.ts';

/** Oldest first. */
export function useDnsMoments(): readonly DnsMoment[] {
  const { dns, clock } = useApp();
  const metrics = useLive<Metrics>(METRICS, LOOK_EVERY_MS).data.value;
  useEffect(() => {
    if (metrics) dns.note(metrics, clock.now());
  }, [metrics, dns, clock]);
  return dns.moments.value;
}
