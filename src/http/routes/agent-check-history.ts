/**
 * /v1/agent/check/:id/history: the latest results of a check that this agent runs, and since when it has its status.
 */
import type { CheckId } from '../../model/types.ts';
import { json, text } from '../reply.ts';
import type { Handler, Route } from '../route.ts';

const timeText = (ms: number): string => new Date(ms).toISOString();

const history: Handler = (call, { local, state, checkHistory }) => {
  const id = (call.params['id'] ?? '') as CheckId;
  const check = local.checks().get(id);
  if (check === undefined) return text(404, `Unknown check ID "${id}"`);
  const kept = checkHistory(id);
  const sinceMs = state.view.localChecks.get(id)?.sinceMs ?? 0;
  return json({
    CheckID: id,
    Status: check.status,
    Since: sinceMs === 0 ? '' : timeText(sinceMs),
    Flaps: kept?.flaps ?? 0,
    Results: (kept?.results ?? []).map(({ atMs, durationMs, status, output }) => ({
      Time: timeText(atMs),
      Status: status,
      DurationMs: durationMs,
      Output: output,
    })),
  });
};

export const agentCheckHistoryRoutes: readonly Route[] = [
  {
    path: '/v1/agent/check/:id/history',
    operations: {
      GET: {
        about: 'Latest results of a check that this agent runs, newest first; slashes in its id are escaped.',
        handle: history,
      },
    },
  },
];
