/**
 * What the leader does for access control: it writes the rows that every catalog begins with, and removes expired
 * tokens. These count for nobody from their expiration on, so nothing waits for their removal.
 */
import { GLOBAL_MANAGEMENT_RULES, GLOBAL_READ_ONLY_RULES } from '../../acl/builtin-policies.ts';
import type { BeginAclCommand } from '../../catalog/acl-command.ts';
import { isExpired } from '../../catalog/acl-token-write.ts';
import type { Command } from '../../catalog/command.ts';
import type { View } from '../../catalog/tables.ts';
import type { Clock, Timer } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { GLOBAL_MANAGEMENT_ID, GLOBAL_READ_ONLY_ID } from '../../model/acl-types.ts';
import type { TermWork } from '../term.ts';
import type { AclSettings } from './acl-settings.ts';

/** Time in ms between two looks for expired tokens. O(tokens) each. */
const REAP_EVERY_MS = 60_000;
/** Time in ms until a beginning that failed is tried again. */
const RETRY_MS = 1_000;

interface AclTermParts {
  readonly view: View;
  readonly submit: (command: Command) => Promise<unknown>;
  readonly managementSecret: string;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'warn'>;
}

/** The command that brings what access control begins with. */
export function beginCommand(managementSecret: string): BeginAclCommand {
  return {
    kind: 'acl-begin',
    builtins: [
      {
        id: GLOBAL_MANAGEMENT_ID,
        name: 'global-management',
        description: 'Builtin Policy that grants unlimited access',
        rules: GLOBAL_MANAGEMENT_RULES,
      },
      {
        id: GLOBAL_READ_ONLY_ID,
        name: 'builtin/global-read-only',
        description: 'Builtin Policy that grants unlimited read access',
        rules: GLOBAL_READ_ONLY_RULES,
      },
    ],
    managementSecret,
  };
}

class AclTerm implements TermWork {
  readonly #parts: AclTermParts;
  #timer: Timer | undefined;
  /** Counts terms, so that what belongs to an ended one does nothing more. */
  #term = 0;

  constructor(parts: AclTermParts) {
    this.#parts = parts;
  }

  begin(): void {
    this.#term += 1;
    void this.#bring(this.#term);
  }

  end(): void {
    this.#term += 1;
    this.#timer?.cancel();
  }

  async #bring(term: number): Promise<void> {
    const { submit, managementSecret, log } = this.#parts;
    try {
      await submit(beginCommand(managementSecret));
      this.#later(term, REAP_EVERY_MS, () => this.#reap(term));
    } catch (err) {
      if (term !== this.#term) return;
      log.warn({ err }, 'what access control begins with could not be written yet');
      this.#later(term, RETRY_MS, () => this.#bring(term));
    }
  }

  async #reap(term: number): Promise<void> {
    const { view, submit, clock, log } = this.#parts;
    const nowMs = clock.now();
    try {
      for (const token of view.aclTokens.values())
        if (isExpired(token, nowMs)) {
          await submit({ kind: 'acl-token-reap' });
          break;
        }
    } catch (err) {
      log.warn({ err }, 'tokens whose time is over could not be removed yet');
    }
    this.#later(term, REAP_EVERY_MS, () => this.#reap(term));
  }

  #later(term: number, delayMs: number, step: () => Promise<void>): void {
    if (term !== this.#term) return;
    this.#timer = this.#parts.clock.after(delayMs, () => void step());
  }
}

/** What the leading server does for access control; nothing where it is off. */
export function aclTerm(
  { isEnabled, managementSecret }: Pick<AclSettings, 'isEnabled' | 'managementSecret'>,
  parts: Omit<AclTermParts, 'managementSecret'>,
): readonly TermWork[] {
  return isEnabled ? [new AclTerm({ ...parts, managementSecret })] : [];
}
