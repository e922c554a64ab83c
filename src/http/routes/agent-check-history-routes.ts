/**
 * What a check said and would say: /v1/agent/check/ID/history with the latest results of a check that this agent runs
 * and since when it has its status, /v1/agent/check/ID/test and /v1/agent/check/test that run one now and keep nothing.
 *
 * An id may contain slashes, escaped or not, so the verb is what stands behind the last one.
 * Whatever may be tried must be allowed to be registered: programs are refused where the configuration forbids them.
 */

import { decodeCheck } from '../../decode/definitions.ts';
import type { CheckDefinition, CheckId } from '../../model/types.ts';
import { byBody, needing, type Permission } from '../access/permission.ts';
import { ownCheckRights } from '../access/row-rights.ts';
import { checkRights } from '../access/write-rights.ts';
import type { Call, Reply } from '../call-and-reply.ts';
import type { HttpParts } from '../http-parts.ts';
import { THIS_AGENT } from '../place.ts';
import { json, text } from '../reply.ts';
import { parseBody } from '../request/json-body.ts';
import type { Handler, Prepare, Route } from '../route.ts';

const timeText = (ms: number): string => new Date(ms).toISOString();

const HISTORY = '/history';
const TEST = '/test';

/** What stands before the verb; undefined for a path that ends in another one. */
function idBefore(verb: string, { params }: Call): CheckId | undefined {
  const rest = params['*'] ?? '';
  return rest.endsWith(verb) ? (rest.slice(0, -verb.length) as CheckId) : undefined;
}

/** As for every path that is not there. */
const UNKNOWN_PATH = text(404, 'Invalid URL path: not a recognized HTTP API endpoint');

const history: Handler = (call, { local, checkHistory }) => {
  const id = idBefore(HISTORY, call);
  if (id === undefined) return UNKNOWN_PATH;
  const check = local.checks().get(id);
  if (check === undefined) return text(404, `Unknown check ID "${id}"`);
  const kept = checkHistory(id);
  const { sinceMs } = check;
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
  const id = idBefore(TEST, call);
  if (id === undefined) return UNKNOWN_PATH;
  const check = parts.local.checks().get(id);
  return check === undefined ? text(404, `Unknown check ID "${id}"`) : testReply(parts, check.definition);
};

const testGiven: Prepare = (call, parts) => {
  const defaults = { outputMaxBytes: parts.config.checkOutputMaxBytes };
  const definition = decodeCheck(parseBody(call.body), 'api', defaults);
  return { rights: () => checkRights(parts, definition), run: () => testReply(parts, definition) };
};

const ofOwner = (level: 'read' | 'write', verb: string): Permission =>
  needing(`service:${level} of its service, else node:${level}`, (call, parts) =>
    ownCheckRights(parts, idBefore(verb, call) ?? '', level),
  );

export const agentCheckHistoryRoutes: readonly Route[] = [
  {
    path: '/v1/agent/check/*',
    operations: {
      GET: {
        about:
          'With /history behind the id of a check that this agent runs: its latest results, newest first.',
        place: THIS_AGENT,
        permission: ofOwner('read', HISTORY),
        handle: history,
      },
      PUT: {
        about: 'With /test behind the id of a check of this agent: run it now and say what it would report.',
        place: THIS_AGENT,
        permission: ofOwner('write', TEST),
        handle: testKnown,
      },
    },
  },
  {
    path: '/v1/agent/check/test',
    operations: {
      PUT: {
        about: 'Run a check that is not registered once, now, and say what it would report.',
        place: THIS_AGENT,
        permission: byBody('service:write of its service, else node:write'),
        body: 'json',
        prepare: testGiven,
      },
    },
  },
];
