/**
 * Measures how long this agent's writes to the catalog take, by kind, wherever they are done.
 */
import type { Command } from '../catalog/command.ts';
import type { Clock } from '../lib/clock.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Core } from './core.ts';

/** The same core, with both of its doors for commands measured. */
export function meteredWrites(core: Core, metrics: Metrics, clock: Pick<Clock, 'monotonic'>): Core {
  const seconds = metrics.histogram('catalog_write_seconds');
  const slots = new Map<string, number>();
  const slotOf = (kind: string): number => {
    const known = slots.get(kind) ?? seconds.slot(kind);
    slots.set(kind, known);
    return known;
  };
  const measured =
    (submit: (command: Command) => Promise<unknown>) =>
    (command: Command): Promise<never> => {
      const startedMs = clock.monotonic();
      const note = (): void => seconds.observe(slotOf(command.kind), (clock.monotonic() - startedMs) / 1_000);
      const written = submit(command);
      written.then(note, note);
      return written as Promise<never>;
    };
  const { writer, catalog } = core;
  return {
    ...core,
    writer: {
      submit: measured((command) => writer.submit(command)),
      get depth() {
        return writer.depth;
      },
    },
    catalog: { ...catalog, submit: measured((command) => catalog.submit(command as never)) },
  };
}
