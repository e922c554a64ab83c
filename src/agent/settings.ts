/**
 * The configuration of this moment, for parts that ask at every use because a reload may change it.
 */
import type { DnsConfig } from '../dns/dns-config.ts';
import { isSame } from '../lib/same.ts';
import type { LocalSettings } from '../local/registration.ts';
import type { LoadedConfig } from './config/load-config.ts';
import type { Config } from './config/options.ts';
import { dnsSettings } from './dns-settings.ts';

/** Holds what was loaded last; `replace` is the reload's alone. */
export class CurrentConfig {
  #loaded: LoadedConfig;
  readonly #cookieSecret: Uint8Array;
  #dns: DnsConfig;
  readonly #dnsListeners = new Set<(dns: DnsConfig) => void>();

  /** `cookieSecret`: what cookies of DNS are made with as long as this process runs. */
  constructor(loaded: LoadedConfig, cookieSecret: Uint8Array) {
    this.#loaded = loaded;
    this.#cookieSecret = cookieSecret;
    this.#dns = dnsSettings(loaded.config, cookieSecret);
  }

  /** The same object until a reload changes it, so that DNS can tell by identity and keeps its answers otherwise. */
  get dns(): DnsConfig {
    return this.#dns;
  }

  /** Have `listener` told of each change of `dns`, until the returned function is called. */
  onDns(listener: (dns: DnsConfig) => void): () => void {
    this.#dnsListeners.add(listener);
    return () => void this.#dnsListeners.delete(listener);
  }

  get config(): Config {
    return this.#loaded.config;
  }

  get sources(): LoadedConfig['sources'] {
    return this.#loaded.sources;
  }

  get files(): readonly string[] {
    return this.#loaded.files;
  }

  /** Something made of the configuration: the same until the next reload, then made anew at the next use. */
  derive<T>(make: (loaded: LoadedConfig) => T): () => T {
    let from = this.#loaded;
    let made = make(from);
    return () => {
      if (from !== this.#loaded) {
        from = this.#loaded;
        made = make(from);
      }
      return made;
    };
  }

  replace(loaded: LoadedConfig): void {
    this.#loaded = loaded;
    const dns = dnsSettings(loaded.config, this.#cookieSecret);
    if (isSame(dns, this.#dns)) return;
    this.#dns = dns;
    for (const listener of [...this.#dnsListeners]) listener(dns);
  }
}

function scriptsOf(config: Config): LocalSettings['scripts'] {
  if (config.enable_script_checks) return 'all';
  return config.enable_local_script_checks ? 'files' : 'none';
}

/** What local/ needs to know. */
export function localSettings(config: Config): LocalSettings {
  return {
    checkUpdateIntervalMs: config.check_update_interval,
    discardCheckOutput: config.discard_check_output,
    scripts: scriptsOf(config),
  };
}
