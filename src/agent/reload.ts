/**
 * Reading the configuration again: what differs, and applying it without touching what does not.
 *
 * Everything is read and decoded before anything changes, so a mistake in a file changes nothing.
 */
import type { Local } from '../local/local.ts';
import { type Config, OPTION_KEYS, OPTIONS, type OptionKey } from './config.ts';
import { decodeDefinitions } from './file-definitions.ts';
import { type ConfigRequest, loadConfig } from './load-config.ts';
import type { AgentLog } from './log.ts';
import type { CurrentConfig } from './settings.ts';

export interface OptionDifference {
  readonly key: OptionKey;
  readonly before: unknown;
  readonly after: unknown;
  /** A reload applies it; otherwise it waits for the next start. */
  readonly isReloadable: boolean;
}

/** Options whose value differs, definitions left out (those are compared one by one by their owner). */
export function optionDifferences(before: Config, after: Config): readonly OptionDifference[] {
  return OPTION_KEYS.filter((key) => OPTIONS[key].kind !== 'objects')
    .filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]))
    .map((key) => ({ key, before: before[key], after: after[key], isReloadable: OPTIONS[key].reloadable }));
}

export interface ReloaderParts {
  readonly configuration: ConfigRequest;
  readonly current: CurrentConfig;
  readonly local: Pick<Local, 'replaceConfigDefinitions'>;
  readonly agentLog: AgentLog;
}

/** Reads the configuration again and applies the difference: everything or nothing, one reload at a time. */
export class Reloader {
  readonly #parts: ReloaderParts;
  #running: Promise<void> = Promise.resolve();

  constructor(parts: ReloaderParts) {
    this.#parts = parts;
  }

  /** Resolves when the difference is applied. Rejects with config_invalid, after logging why; nothing is changed then. */
  reload(): Promise<void> {
    const next = this.#running.then(() => this.#reload());
    this.#running = next.catch(() => {});
    return next;
  }

  async #reload(): Promise<void> {
    const { configuration, current, local, agentLog } = this.#parts;
    const log = agentLog.log.child({ part: 'reload' });
    try {
      const loaded = await loadConfig(configuration);
      const { services, checks } = await decodeDefinitions(loaded);
      const diff = await local.replaceConfigDefinitions(services, checks);
      const options = optionDifferences(current.config, loaded.config);
      current.replace(loaded);
      agentLog.setLevel(loaded.config.log_level);
      for (const { key, isReloadable } of options)
        if (!isReloadable) log.warn({ key }, 'changed, but applied at the next start only');
      const changed = options.filter(({ isReloadable }) => isReloadable).map(({ key }) => key);
      log.info({ ...diff, options: changed }, 'configuration reloaded');
    } catch (err) {
      log.error({ err }, 'configuration not reloaded, the old one holds');
      throw err;
    }
  }
}
