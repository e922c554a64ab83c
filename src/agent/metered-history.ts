/**
 * The history of the catalog (catalog/history/), as the configuration bounds it, measured.
 */
import { HistoryJournal, type HistorySettings } from '../catalog/history/journal.ts';
import type { View } from '../catalog/tables.ts';
import type { Clock } from '../lib/clock.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Config } from './config/options.ts';

function historySettings(config: Config): HistorySettings {
  return {
    maxNotes: config['history.max_entries'],
    maxAgeMs: config['history.max_age'],
    maxBytes: config['history.max_size'],
    kvPrefixes: config.kv_history,
  };
}

interface HistoryParts {
  readonly config: Config;
  readonly clock: Clock;
  readonly metrics: Metrics;
}

/** Makes the journal of the catalog, from the notes that are there already. */
export function catalogJournal({ config, clock, metrics }: HistoryParts): (view: View) => HistoryJournal {
  return (view) => {
    const journal = new HistoryJournal(view, historySettings(config));
    metrics.onCollect(() => {
      const { notes, bytes, oldestMs } = journal.size;
      metrics.gauge('history_entries').set(0, notes);
      metrics.gauge('history_bytes').set(0, bytes);
      metrics
        .gauge('history_oldest_seconds')
        .set(0, oldestMs === undefined ? 0 : (clock.now() - oldestMs) / 1_000);
    });
    return journal;
  };
}
