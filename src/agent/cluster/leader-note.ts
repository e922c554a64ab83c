/**
 * Each new leader writes its name into the catalog: the history tells of it, and everybody sees that writes go through.
 */
import type { SettingCommand } from '../../catalog/command.ts';
import { LEADER_SETTING } from '../../catalog/history/describe-row.ts';
import type { Logger } from '../../lib/logger.ts';
import type { TermWork } from '../term.ts';

export interface LeaderNoteParts {
  readonly name: string;
  readonly submit: (command: SettingCommand) => Promise<unknown>;
  readonly log: Logger;
}

/** The work of a new leader. When a note fails, only the history lacks it. */
export function leaderNote({ name, submit, log }: LeaderNoteParts): TermWork {
  return {
    begin: () => {
      submit({ kind: 'setting', name: LEADER_SETTING, value: JSON.stringify({ name }) }).catch(
        (error: unknown) => log.debug({ err: error }, 'the new leader could not be noted'),
      );
    },
    end: () => {},
  };
}
