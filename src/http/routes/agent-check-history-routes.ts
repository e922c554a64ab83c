/**
 * What a check said and would say: /v1/agent/check/:id/history with the latest results of a check that this agent runs
 * and since when it has its status, /v1/agent/check/:id/test and /v1/agent/check/test that run one now and keep nothing.
 *
 * Whatever may be tried must be allowed to be registered: programs are refused where the configuration forbids them.
 */
import { decodeCheck } from '../../decode/definitions.ts';
import type { CheckDefinition, CheckId } from '../../model/types.ts';
import type { HttpParts } from '../http-parts.ts';
import { json, text } from '../reply.ts';
import { parseBody } from '../request/json-body.ts';
import type { Handler, Reply, Route } from '../route.ts';

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

async function testReply({ local, testCheck }: HttpParts, definition: CheckDefinition): Promise<Reply> {
  local.refuseForbidden([definition], 'api');
  const run = await testCheck(definition);
  const { id, probe } = definition;
  if (run === undefined) return text(400, `A check of kind ${probe.kind} has nothing to run`);
  const { status, output, durationMs } = run;
  return json({
    CheckID: id,
    Kind: probe.kind,
    Status: status,
    DurationMs: Math.round(durationMs * 1_000) / 1_000,
    Output: output,
  });
}

const testKnown: Handler = (call, parts) => {
  const id = (call.params['id'] ?? '') as CheckId;
  const check = parts.local.checks().get(id);
  return check === undefined ? text(404, `Unknown check ID "${id}"`) : testReply(parts, check.definition);
};

const testGiven: Handler = (call, parts) => {
  const defaults = { outputMaxBytes: parts.config.checkOutputMaxBytes };
  return testReply(parts, decodeCheck(parseBody(call.body), 'api', defaults));
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
  {
    path: '/v1/agent/check/:id/test',
    operations: {
      PUT: { about: 'Run a check of this agent now and say what it would report.', handle: testKnown },
    },
  },
  {
    path: '/v1/agent/check/test',
    operations: {
      PUT: {
        about: 'Run a check that is not registered once, now, and say what it would report.',
        body: 'json',
        handle: testGiven,
      },
    },
  },
];
