/**
 * /v1/agent/check…: checks of this agent and reports for the TTL ones.
 */

import { decodeCheck } from '../../decode/definitions.ts';
import { text as asText, decodeFields, type FieldTable } from '../../decode/json-fields.ts';
import { CHECK_FIELDS } from '../../filter/fields.ts';
import type { CheckStatus } from '../../model/types.ts';
import { ownChecksFilter } from '../access/answer-filters.ts';
import { byBody, filtered, needing } from '../access/permission.ts';
import { ownCheckRights } from '../access/row-rights.ts';
import { checkRights } from '../access/write-rights.ts';
import { mapReply } from '../answer/list-reply.ts';
import type { Reply } from '../call-and-reply.ts';
import { agentCheckDocument } from '../documents/agent-check-document.ts';
import type { Document } from '../documents/row-documents.ts';
import type { HttpParts, LocalCheckState } from '../http-parts.ts';
import { THIS_AGENT } from '../place.ts';
import { EMPTY, text } from '../reply.ts';
import { checkDefaults } from '../request/check-defaults.ts';
import { filterOf } from '../request/filter-parameter.ts';
import { parseBody } from '../request/json-body.ts';
import { first } from '../request/query-values.ts';
import { registrationMaxBytes } from '../request/registration-body.ts';
import { FILTER_PARAMETER } from '../request/selectors.ts';
import type { Handler, Prepare, Route } from '../route.ts';

const checks: Handler = (call, { local, nodeName }) => {
  const isSelected = filterOf(call, CHECK_FIELDS);
  const documentOf = (check: LocalCheckState): Document =>
    agentCheckDocument(nodeName, check, local.services().get(check.definition.serviceId)?.definition);
  return mapReply(
    { rows: [...local.checks().values()], documentOf, isSelected },
    ({ definition }) => definition.id,
  );
};

const register: Prepare = (call, parts) => {
  const definition = decodeCheck(parseBody(call.body), 'api', checkDefaults(parts));
  return {
    rights: () => checkRights(parts, definition),
    run: async () => {
      const token = parts.acl?.sentSecret(call) ?? '';
      await parts.local.registerCheck(definition, { source: 'api', token });
      return EMPTY;
    },
  };
};

/** With access control an id that is not there is refused, as in Consul. */
const deregister: Handler = async (call, { local, acl }): Promise<Reply> => {
  const id = call.params['*'] ?? '';
  if (id === '') return text(500, 'CheckID missing');
  const isKnown = await local.deregisterCheck(id);
  if (isKnown || acl === undefined) return EMPTY;
  return text(404, `Unknown check ID "${id}". Ensure that the check ID is passed, not the check name.`);
};

async function report({ local }: HttpParts, id: string, status: CheckStatus, output: string): Promise<Reply> {
  switch (await local.updateTtl(id, status, output)) {
    case 'ok':
      return EMPTY;
    case 'unknown':
      return text(404, `Unknown check ID "${id}". Ensure that the check ID is passed, not the check name.`);
    case 'not-ttl':
      return text(500, `CheckID "${id}" does not have associated TTL`);
  }
}

function reporter(status: CheckStatus): Handler {
  return (call, parts) => report(parts, call.params['*'] ?? '', status, first(call.query, 'note') ?? '');
}

interface Update {
  readonly status: string;
  readonly output: string;
}
export const UPDATE: FieldTable<Update> = {
  status: { name: 'Status', decode: asText },
  output: { name: 'Output', decode: asText },
};
const REPORTABLE: ReadonlySet<string> = new Set(['passing', 'warning', 'critical']);

const update: Handler = (call, parts) => {
  const fields = decodeFields(UPDATE, parseBody(call.body) ?? {}, { style: 'api', path: '' });
  const { status = '', output = '' } = fields;
  if (!REPORTABLE.has(status)) return text(400, `Invalid check status: '${status}'`);
  return report(parts, call.params['*'] ?? '', status as CheckStatus, output);
};

const OWNER = needing('service:write of its service, else node:write', (call, parts) =>
  ownCheckRights(parts, call.params['*'] ?? '', 'write'),
);

function reportRoute(verb: string, status: CheckStatus): Route {
  return {
    path: `/v1/agent/check/${verb}/*`,
    operations: {
      PUT: {
        about: `Report ${status} for a TTL check.`,
        place: THIS_AGENT,
        permission: OWNER,
        query: [{ name: 'note', about: 'Output of the check.' }],
        handle: reporter(status),
      },
    },
  };
}

export const agentCheckRoutes: readonly Route[] = [
  {
    path: '/v1/agent/checks',
    operations: {
      GET: {
        about: 'Checks of this agent, by id.',
        place: THIS_AGENT,
        permission: filtered('service:read of its service, else node:read', ownChecksFilter),
        query: [FILTER_PARAMETER],
        handle: checks,
      },
    },
  },
  {
    path: '/v1/agent/check/register',
    operations: {
      PUT: {
        about: 'Register a check, which this agent runs.',
        place: THIS_AGENT,
        permission: byBody(
          'service:write of its service, else node:write; of the check that it replaces too',
        ),
        body: 'json',
        maxBodyBytes: registrationMaxBytes,
        prepare: register,
      },
    },
  },
  {
    path: '/v1/agent/check/deregister/*',
    operations: {
      PUT: { about: 'Remove a check by its id.', place: THIS_AGENT, permission: OWNER, handle: deregister },
    },
  },
  reportRoute('pass', 'passing'),
  reportRoute('warn', 'warning'),
  reportRoute('fail', 'critical'),
  {
    path: '/v1/agent/check/update/*',
    operations: {
      PUT: {
        about: 'Report a status and an output for a TTL check.',
        place: THIS_AGENT,
        permission: OWNER,
        body: 'json',
        handle: update,
      },
    },
  },
];
