/**
 * /v1/agent: the agent itself — what it is, the members it knows, its log, maintenance, reload, joining and leaving.
 */

import { Readable } from 'node:stream';
import { text as asText, decodeFields, type FieldTable } from '../../decode/json-fields.ts';
import { MEMBER_FIELDS } from '../../filter/fields.ts';
import { AppError } from '../../model/errors.ts';
import { aclOf, unlessAcl } from '../access/acl-switch.ts';
import { membersFilter } from '../access/answer-filters.ts';
import { filtered, onAll, onThisNode } from '../access/permission.ts';
import type { Right } from '../access/right.ts';
import { stopsWithRight } from '../access/while-allowed.ts';
import { AGENT_TOKEN_KINDS } from '../acl-port.ts';
import type { Call, Reply } from '../call-and-reply.ts';
import { memberDocument } from '../documents/member-document.ts';
import { hostDocument, selfDocument, versionDocument } from '../documents/self-document.ts';
import type { HttpParts } from '../http-parts.ts';
import { OWN_LEADER, THIS_AGENT } from '../place.ts';
import { EMPTY, json, text } from '../reply.ts';
import { followMark, requireCheckOfDrain } from '../request/begin-drain.ts';
import { filterOf } from '../request/filter-parameter.ts';
import { parseBody } from '../request/json-body.ts';
import { MAINTENANCE_PARAMETERS, maintenanceOf } from '../request/maintenance-parameters.ts';
import { first, has } from '../request/query-values.ts';
import { FILTER_PARAMETER } from '../request/selectors.ts';
import type { Handler, Route } from '../route.ts';

const members: Handler = async (call, parts) => {
  const isWan = first(call.query, 'wan') !== undefined && first(call.query, 'wan') !== '';
  const segment = first(call.query, 'segment');
  // `_all` is what the command line asks for: every segment, also where there is only one.
  if (segment && segment !== '_all') {
    return isWan
      ? text(400, 'Cannot provide a segment with wan=true')
      : text(500, 'Network segments are not supported in this version of Consul');
  }
  const isSelected = filterOf(call, MEMBER_FIELDS);
  const views = await parts.membership.list(isWan);
  return json(views.map((view) => memberDocument(view)).filter(isSelected));
};

const join: Handler = async (call, { membership }) => {
  await membership.join(call.params['*'] ?? '', has(call.query, 'wan'));
  return EMPTY;
};

const forceLeave: Handler = async (call, { membership }) => {
  const node = call.params['*'] ?? '';
  const isKnown = await membership.forceLeave(node, has(call.query, 'prune'));
  return isKnown ? EMPTY : text(500, `agent: No node found with name '${node}'`);
};

const maintenance: Handler = async (call, parts) => {
  const options = maintenanceOf(call);
  if (options.drain?.deregister)
    throw new AppError('bad_request', '?deregister is for services, not for the node');
  requireCheckOfDrain(options, parts);
  await parts.local.setNodeMaintenance(options.isOn, options.reason, undefined, parts.acl?.sentSecret(call));
  await followMark('', options, parts);
  return EMPTY;
};

const LOG_LEVELS: ReadonlySet<string> = new Set(['trace', 'debug', 'info', 'warn', 'err', 'error']);
/** Lines that wait for a slow reader; beyond it the newest are dropped. */
const MAX_WAITING_LINES_BYTES = 512 * 1024;

function monitor(call: Call, parts: HttpParts): Reply {
  const level = (first(call.query, 'loglevel') || 'info').toLowerCase();
  if (!LOG_LEVELS.has(level)) throw new AppError('bad_request', `Bad request: Unknown log level: ${level}`);
  const lines = new Readable({ highWaterMark: MAX_WAITING_LINES_BYTES, read: () => {} });
  const stop = parts.logStream.subscribe(
    level === 'err' ? 'error' : level,
    has(call.query, 'logjson'),
    (line) => {
      if (lines.readableLength < MAX_WAITING_LINES_BYTES) lines.push(`${line}\n`);
    },
  );
  const right: Right = { resource: 'agent', level: 'read', name: parts.nodeName };
  const end = stopsWithRight(call, parts, right, () => {
    stop();
    lines.push(null);
  });
  const headers = { 'Content-Type': 'text/plain; charset=utf-8' };
  return { status: 200, headers, body: lines, endBody: end };
}

interface TokenFields {
  readonly token: string;
}

export const TOKEN: FieldTable<TokenFields> = { token: { name: 'Token', decode: asText } };

/** Any text is taken: a token that is not known refuses what it would have to do, and says so. */
const setToken: Handler = async (call, parts) => {
  const kind = call.params['*'] ?? '';
  if (!Object.hasOwn(AGENT_TOKEN_KINDS, kind)) return text(404, `Token "${kind}" is unknown`);
  const fields = decodeFields(TOKEN, parseBody(call.body) ?? {}, { style: 'api', path: '' });
  const known = AGENT_TOKEN_KINDS[kind as keyof typeof AGENT_TOKEN_KINDS];
  await aclOf(parts).setAgentToken(known, fields.token ?? '');
  return EMPTY;
};

export const agentRoutes: readonly Route[] = [
  {
    path: '/v1/agent/self',
    operations: {
      GET: {
        about: 'Configuration and state of the agent.',
        place: THIS_AGENT,
        permission: onThisNode('agent', 'read'),
        handle: (_call, parts) => json(selfDocument(parts)),
      },
    },
  },
  {
    path: '/v1/agent/host',
    operations: {
      GET: {
        about: 'The machine.',
        place: THIS_AGENT,
        permission: onAll('operator', 'read'),
        handle: async (_call, parts) => json(await hostDocument(parts)),
      },
    },
  },
  {
    path: '/v1/agent/version',
    operations: {
      GET: {
        about: 'Version of the agent.',
        place: THIS_AGENT,
        permission: onThisNode('agent', 'read'),
        handle: (_call, parts) => json(versionDocument(parts)),
      },
    },
  },
  {
    path: '/v1/agent/members',
    operations: {
      GET: {
        about: 'Members of the cluster.',
        place: THIS_AGENT,
        permission: filtered('node:read', membersFilter),
        query: [{ name: 'wan', about: 'Servers of all datacenters.' }, FILTER_PARAMETER],
        handle: members,
      },
    },
  },
  {
    path: '/v1/agent/join/*',
    operations: {
      PUT: {
        about: 'Join another agent.',
        place: THIS_AGENT,
        query: [{ name: 'wan', about: 'Join the servers of another datacenter.' }],
        permission: onThisNode('agent', 'write'),
        handle: join,
      },
    },
  },
  {
    path: '/v1/agent/leave',
    operations: {
      PUT: {
        about: 'Leave in good order and end.',
        place: THIS_AGENT,
        permission: onThisNode('agent', 'write'),
        handle: async (_call, { leave }) => {
          await leave();
          return EMPTY;
        },
      },
    },
  },
  {
    path: '/v1/agent/force-leave/*',
    operations: {
      PUT: {
        about: 'Declare a failed member to have left.',
        query: [{ name: 'prune', about: 'Forget it at once.' }],
        place: OWN_LEADER,
        permission: onAll('operator', 'write'),
        handle: forceLeave,
      },
    },
  },
  {
    path: '/v1/agent/reload',
    operations: {
      PUT: {
        about: 'Read the configuration again.',
        place: THIS_AGENT,
        permission: onThisNode('agent', 'write'),
        query: [{ name: 'dry-run', about: 'Change nothing; answer with what would change.' }],
        handle: async (call, { reload, previewReload }) => {
          if (has(call.query, 'dry-run')) return json(await previewReload());
          await reload();
          return EMPTY;
        },
      },
    },
  },
  {
    path: '/v1/agent/maintenance',
    operations: {
      PUT: {
        about: 'Take the node out of all answers, or back in.',
        place: THIS_AGENT,
        permission: onThisNode('node', 'write'),
        query: MAINTENANCE_PARAMETERS,
        handle: maintenance,
      },
    },
  },
  {
    path: '/v1/agent/monitor',
    operations: {
      GET: {
        about: 'The log, as it is written.',
        place: THIS_AGENT,
        permission: onThisNode('agent', 'read'),
        query: [
          { name: 'loglevel', about: 'trace, debug, info, warn or error.' },
          { name: 'logjson', about: 'Lines as JSON.' },
        ],
        handle: monitor,
      },
    },
  },
  {
    path: '/v1/agent/token/*',
    operations: {
      PUT: {
        about: 'Set a token of the agent.',
        place: THIS_AGENT,
        permission: onThisNode('agent', 'write'),
        whenOff: unlessAcl,
        body: 'json',
        handle: setToken,
      },
    },
  },
];
