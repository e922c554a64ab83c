/**
 * The tokens that an agent uses itself: those of the configuration, and over them those that were set through the API.
 *
 * With token persistence the latter are kept in the data directory and win over the file's after a restart; an empty one is
 * not kept, so that the file's counts again. Without it a reload brings the file's back.
 */
import fs from 'node:fs';
import type { Logger } from '../../lib/logger.ts';
import { AGENT_TOKENS, type AgentTokenKind } from './acl-settings.ts';

/** Name of each in the file, and older names that are read too. */
const FILE_NAMES: Readonly<Record<AgentTokenKind, readonly string[]>> = {
  default: ['default'],
  agent: ['agent'],
  recovery: ['agent_recovery', 'agent_master'],
  config: ['config_file_service_registration'],
  dns: ['dns'],
  replication: ['replication'],
};

const ONLY_OURS = 0o600;

export interface AgentTokensParts {
  readonly configured: Readonly<Record<AgentTokenKind, string>>;
  /** Where they are kept; undefined keeps nothing. */
  readonly file: string | undefined;
  readonly log: Pick<Logger, 'warn'>;
}

type Tokens = Partial<Record<AgentTokenKind, string>>;

function tokensOf(json: unknown): Tokens {
  const tokens: Tokens = {};
  if (typeof json !== 'object' || json === null) return tokens;
  for (const kind of AGENT_TOKENS)
    for (const name of FILE_NAMES[kind]) {
      const value = (json as Record<string, unknown>)[name];
      if (typeof value === 'string' && value !== '') tokens[kind] ??= value;
    }
  return tokens;
}

/** What a file keeps; nothing where there is none. A file that cannot be read is said in the log, without what is in it. */
function readTokens(file: string | undefined, log: AgentTokensParts['log']): Tokens {
  if (file === undefined) return {};
  try {
    return tokensOf(JSON.parse(fs.readFileSync(file, 'utf8')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      log.warn(
        { file, why: (error as NodeJS.ErrnoException).code ?? 'not JSON' },
        'kept tokens cannot be read',
      );
    return {};
  }
}

export class AgentTokens {
  readonly #parts: AgentTokensParts;
  #configured: Readonly<Record<AgentTokenKind, string>>;
  #set: Tokens;
  readonly #listeners = new Set<() => void>();

  constructor(parts: AgentTokensParts) {
    this.#parts = parts;
    this.#configured = parts.configured;
    this.#set = readTokens(parts.file, parts.log);
  }

  /** '' when there is none. */
  of(kind: AgentTokenKind): string {
    return this.#set[kind] ?? this.#configured[kind];
  }

  /** The token, else the default one. */
  orDefault(kind: AgentTokenKind): string {
    return this.of(kind) || this.of('default');
  }

  /** Have `listener` told of every change. */
  onChanged(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Take a token into use and keep it; rejects with the system's error when it cannot be kept, and changes nothing then. */
  async set(kind: AgentTokenKind, secret: string): Promise<void> {
    const next = { ...this.#set, [kind]: secret };
    await this.#keep(next);
    this.#set = next;
    this.#tell();
  }

  /** After a reload. */
  configure(configured: Readonly<Record<AgentTokenKind, string>>): void {
    this.#configured = configured;
    if (this.#parts.file === undefined) this.#set = {};
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  async #keep(tokens: Tokens): Promise<void> {
    const { file } = this.#parts;
    if (file === undefined) return;
    const kept = AGENT_TOKENS.filter((kind) => Boolean(tokens[kind])).map((kind) => [
      FILE_NAMES[kind][0],
      tokens[kind],
    ]);
    const text = `${JSON.stringify(Object.fromEntries(kept), null, 2)}\n`;
    const fresh = `${file}.new`;
    await fs.promises.rm(fresh, { force: true });
    await fs.promises.writeFile(fresh, text, { mode: ONLY_OURS, flag: 'wx', flush: true });
    await fs.promises.rename(fresh, file);
  }
}
