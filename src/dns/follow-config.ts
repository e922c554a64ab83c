/**
 * Handing a changed configuration on to what does not ask for it at every use: the DNS threads.
 */
import type { DnsConfig } from './dns-config.ts';

export interface ConfigSource {
  /** The present configuration; a reload that changes it makes this return another object. */
  readonly config: () => DnsConfig;
  /** Have `listener` told of each later one, until the returned function is called. */
  readonly onConfig: (listener: (config: DnsConfig) => void) => () => void;
  /** The configuration with the rights of a token; absent where there is no access control. */
  readonly configOf?: (token: string) => () => DnsConfig;
}

/**
 * Apply each configuration that differs from the one before, `applied` at first: what came while the threads started too,
 * and none of them twice. The returned function ends that.
 */
export function followConfig(
  { config, onConfig }: ConfigSource,
  applied: DnsConfig,
  apply: (config: DnsConfig) => void,
): () => void {
  let last = applied;
  const follow = (next: DnsConfig): void => {
    if (next === last) return;
    last = next;
    apply(next);
  };
  const release = onConfig(follow);
  follow(config());
  return release;
}
