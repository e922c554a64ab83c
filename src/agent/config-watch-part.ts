/**
 * `auto_reload_config`: reload when a configuration file changes, appears or goes.
 *
 * Watches the folders that the paths name, because editors and mounted ConfigMaps replace files instead of writing
 * them. Changes come in bursts; the reload waits until they are over.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { Clock, Timer } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { Part } from './lifecycle.ts';

/** How long nothing must change before a reload, ms. */
const SETTLE_MS = 500;

export interface ConfigWatchParts {
  /** Values of -config-file and -config-dir. */
  readonly paths: readonly string[];
  readonly clock: Clock;
  readonly reload: () => Promise<unknown>;
  readonly log: Logger;
}

function foldersOf(paths: readonly string[]): ReadonlySet<string> {
  return new Set(paths.map((one) => (fs.statSync(one).isDirectory() ? one : path.dirname(one))));
}

/** Watch from start to stop. A reload that fails has been logged by who reloads. */
export function configWatchPart({ paths, clock, reload, log }: ConfigWatchParts): Part {
  const watchers: fs.FSWatcher[] = [];
  let settling: Timer | undefined;
  const onChange = (): void => {
    settling?.cancel();
    settling = clock.after(SETTLE_MS, () => void reload().catch(() => {}));
  };
  return {
    name: 'configuration watch',
    start: async () => {
      for (const folder of foldersOf(paths)) {
        const watcher = fs.watch(folder, { persistent: false }, onChange);
        watcher.on('error', (err) => log.warn({ err, folder }, 'configuration is no longer watched'));
        watchers.push(watcher);
      }
    },
    stop: async () => {
      settling?.cancel();
      for (const watcher of watchers) watcher.close();
    },
  };
}
