/**
 * The leader's removal of dead servers that others have replaced (cluster/dead-servers.ts says when).
 */
import { AUTOPILOT_SETTING, autopilotSettings } from '../../catalog/autopilot-settings.ts';
import type { State } from '../../catalog/state.ts';
import { votersToKeep } from '../../cluster/dead-servers.ts';
import { sleep } from '../../lib/clock.ts';
import { planCleanup } from '../../store/etcd/cluster-plan.ts';
import type { TermWork } from '../term.ts';
import { type RemovalParts, takeOut } from './removal.ts';
import { memberServerId } from './roster.ts';
import type { ServerWatch } from './server-watch.ts';

const LOOK_MS = 5_000;

export interface CleanupParts {
  readonly removal: RemovalParts;
  readonly watch: ServerWatch;
  readonly state: State;
  readonly expect: number;
}

async function cleanUp({ removal, watch, state, expect }: CleanupParts): Promise<void> {
  const { membership, roster, clock } = removal;
  const settings = autopilotSettings(state.view.settings.get(AUTOPILOT_SETTING));
  const health = await watch.judged();
  const keep = votersToKeep({ health, settings, expect, nowMs: clock.now() });
  if (keep === undefined || membership === undefined) return;
  const now = await membership();
  for (const id of planCleanup(now, keep)) {
    const member = now.members.find((one) => one.id === id);
    const server = roster.servers().find((one) => member && one.id === memberServerId(member));
    if (server !== undefined) await takeOut(removal, server);
  }
}

/** The work of a term. What fails is logged and tried again. */
export function deadServerCleanup(parts: CleanupParts): TermWork {
  const { clock, log } = parts.removal;
  let term: AbortController | undefined;
  const repeat = async (signal: AbortSignal): Promise<void> => {
    for (;;) {
      await sleep(clock, LOOK_MS);
      if (signal.aborted) return;
      try {
        await cleanUp(parts);
      } catch (err) {
        if (!signal.aborted) log.warn({ err }, 'dead servers could not be taken out');
      }
    }
  };
  return {
    begin: () => {
      term = new AbortController();
      void repeat(term.signal);
    },
    end: () => term?.abort(),
  };
}
