/**
 * Reading the configuration again: what differs, and applying it without touching what does not.
 *
 * Everything is read and decoded before anything changes, so a mistake in a file changes nothing.
 */
import type { Logger } from '../lib/logger.ts';
import type { Local } from '../local/local.ts';
import type { DefinitionsDiff } from '../local/registration.ts';
import type { Watchers, WatchesDiff } from '../watches/watchers.ts';
import type { Acl } from './acl/acl-part.ts';
import type { Remark } from './config/config-remarks.ts';
import { decodeDefinitions, type FileDefinitions, placing } from './config/file-definitions.ts';
import { type ConfigRequest, type LoadedConfig, loadConfig } from './config/load-config.ts';
import { type Config, OPTION_KEYS, OPTIONS, type OptionKey } from './config/options.ts';
import type { AgentLog } from './log/agent-log.ts';
import { logRemarks } from './log/open-log.ts';
import { readSecureState, type SecureState } from './secure-settings.ts';
import type { Security } from './security.ts';
import type { CurrentConfig } from './settings.ts';

interface OptionDifference {
  readonly key: OptionKey;
  /** A reload applies it; otherwise it waits for the next start. */
  readonly isReloadable: boolean;
}

/** Options whose value differs, definitions left out (those are compared one by one by their owner). */
function optionDifferences(before: Config, after: Config): readonly OptionDifference[] {
  return OPTION_KEYS.filter((key) => OPTIONS[key].kind !== 'objects')
    .filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]))
    .map((key) => ({ key, isReloadable: OPTIONS[key].reloadable }));
}

/** The new values of what a reload applies, the old ones of what waits for a restart: parts must agree with each other. */
function reloadedConfig(before: Config, after: Config): Config {
  const values = OPTION_KEYS.map((key) => [key, OPTIONS[key].reloadable ? after[key] : before[key]]);
  return Object.freeze(Object.fromEntries(values) as unknown as Config);
}

export interface ReloaderParts {
  readonly configuration: ConfigRequest;
  readonly current: CurrentConfig;
  readonly security: Pick<Security, 'replace'>;
  readonly acl: Pick<Acl, 'configure'>;
  readonly local: Pick<Local, 'replaceConfigDefinitions' | 'previewConfigDefinitions' | 'sync'>;
  readonly watchers: Pick<Watchers, 'replace' | 'preview'>;
  readonly agentLog: Pick<AgentLog, 'log' | 'setLevel'>;
  /** What the log said at the start; a reload says only what is new. */
  readonly remarks: readonly Remark[];
}

/** Services and checks by their ids, watches by what they look at. */
function withWatches(diff: DefinitionsDiff, watches: WatchesDiff): DefinitionsDiff {
  return {
    ...diff,
    added: [...diff.added, ...watches.added],
    removed: [...diff.removed, ...watches.removed],
  };
}

/** What a reload would do, or did. */
export interface ReloadDifference extends DefinitionsDiff {
  /** Options that are applied. */
  readonly options: readonly OptionKey[];
  /** Options that differ too, but are applied by a restart only. */
  readonly needRestart: readonly OptionKey[];
}

interface Read {
  readonly loaded: LoadedConfig;
  readonly definitions: FileDefinitions;
  readonly secure: SecureState;
}

/** Reads the configuration again and applies the difference: everything or nothing, one reload at a time. */
export class Reloader {
  readonly #parts: ReloaderParts;
  readonly #log: Logger;
  #running: Promise<unknown> = Promise.resolve();
  /** The reload that waits for the one that runs; it will see the files as they are then, so one is enough. */
  #next: Promise<ReloadDifference> | undefined;
  #said: ReadonlySet<string>;

  constructor(parts: ReloaderParts) {
    this.#parts = parts;
    this.#log = parts.agentLog.log.child({ part: 'reload' });
    this.#said = new Set(parts.remarks.map(({ text }) => text));
  }

  /** Resolves when the difference is applied. Rejects with config_invalid, after logging why; nothing is changed then. */
  reload(): Promise<ReloadDifference> {
    this.#next ??= this.#running.then(() => {
      this.#next = undefined; // whoever comes from now on may know of later changes
      return this.#reload();
    });
    this.#running = this.#next.catch(() => {});
    return this.#next;
  }

  /** What a reload would do now. Rejects with config_invalid like one; changes nothing. */
  async preview(): Promise<ReloadDifference> {
    const { loaded, definitions } = await this.#read();
    const { services, checks, watches } = definitions;
    const { local, watchers } = this.#parts;
    const diff = await placing(definitions, () => local.previewConfigDefinitions(services, checks));
    return this.#difference(loaded, withWatches(diff, watchers.preview(watches)));
  }

  async #read(): Promise<Read> {
    const loaded = await loadConfig(this.#parts.configuration);
    const definitions = await decodeDefinitions(loaded);
    return { loaded, definitions, secure: await readSecureState(loaded) };
  }

  #difference({ config }: LoadedConfig, diff: DefinitionsDiff): ReloadDifference {
    const different = optionDifferences(this.#parts.current.config, config);
    const keys = (isReloadable: boolean): readonly OptionKey[] =>
      different.filter((one) => one.isReloadable === isReloadable).map(({ key }) => key);
    return { ...diff, options: keys(true), needRestart: keys(false) };
  }

  #remark(remarks: readonly Remark[]): void {
    const before = this.#said;
    this.#said = new Set(remarks.map(({ text }) => text));
    logRemarks(
      this.#parts.agentLog,
      remarks.filter(({ text }) => !before.has(text)),
    );
  }

  async #reload(): Promise<ReloadDifference> {
    const { current, acl, security, local, watchers, agentLog } = this.#parts;
    const log = this.#log;
    try {
      const { loaded, definitions, secure } = await this.#read();
      const { services, checks, watches } = definitions;
      const diff = await placing(definitions, () => local.replaceConfigDefinitions(services, checks));
      const difference = this.#difference(loaded, withWatches(diff, watchers.replace(watches)));
      current.replace({ ...loaded, config: reloadedConfig(current.config, loaded.config) });
      security.replace(secure);
      acl.configure(loaded);
      agentLog.setLevel(loaded.config.log_level);
      this.#remark([...loaded.remarks, ...definitions.remarks]);
      await local.sync(); // the metadata of the node may be another
      log.info(difference, 'configuration reloaded');
      if (difference.needRestart.length > 0)
        log.warn({ options: difference.needRestart }, 'changed, but applied at the next start only');
      return difference;
    } catch (err) {
      log.error({ err }, 'configuration not reloaded, the old one holds');
      throw err;
    }
  }
}
