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
  /** Files and folders that the configuration is made of: values of -config-file and -config-dir, certificates. */
  readonly paths: () => readonly string[];
  readonly clock: Clock;
  readonly reload: () => Promise<unknown>;
  readonly log: Logger;
}

function foldersOf(paths: readonly string[]): ReadonlySet<string> {
  const isFolder = (one: string): boolean =>
    fs.statSync(one, { throwIfNoEntry: false })?.isDirectory() ?? false;
  return new Set(paths.map((one) => (isFolder(one) ? one : path.dirname(one))));
}

/** Watch from start to stop. A reload that fails has been logged by who reloads. */
export function configWatchPart({ paths, clock, reload, log }: ConfigWatchParts): Part {
  const watchers = new Map<string, fs.FSWatcher>();
  let settling: Timer | undefined;
  let isStopped = false;
  const onChange = (): void => {
    settling?.cancel();
    settling = clock.after(SETTLE_MS, () => void reload().then(watchAll, () => {}));
  };
  const watch = (folder: string): void => {
    try {
      const watcher = fs.watch(folder, { persistent: false }, onChange);
      watcher.on('error', (err) => log.warn({ err, folder }, 'configuration is no longer watched'));
      watchers.set(folder, watcher);
    } catch (err) {
      log.warn({ err, folder }, 'configuration is not watched');
    }
  };
  /** A reload may have brought other folders. */
  const watchAll = (): void => {
    if (isStopped) return;
    for (const folder of foldersOf(paths())) if (!watchers.has(folder)) watch(folder);
  };
  return {
    name: 'configuration watch',
    start: async () => watchAll(),
    stop: async () => {
      isStopped = true;
      settling?.cancel();
      for (const watcher of watchers.values()) watcher.close();
      watchers.clear();
    },
  };
}
