/**
 * /v1/dns: why a DNS question is answered as it is. What is said comes from an injected function; HTTP knows no DNS.
 */

import { AppError } from '../../model/errors.ts';
import type { ExplainRequest } from '../../model/explanation.ts';
import { onAll } from '../access/permission.ts';
import type { Query } from '../call-and-reply.ts';
import { THIS_AGENT } from '../place.ts';
import { json } from '../reply.ts';
import { first } from '../request/query-values.ts';
import type { Handler, QueryParameter, Route } from '../route.ts';

/** What most clients offer today (DNS flag day 2020). */
const DEFAULT_PAYLOAD_BYTES = 1_232;
const MAX_PAYLOAD_BYTES = 65_535;

const PARAMETERS: readonly QueryParameter[] = [
  { name: 'name', about: 'The name that is asked, such as web.service.consul.' },
  { name: 'type', about: 'The record type, A when it is not given.' },
  { name: 'transport', about: 'udp (default) or tcp.' },
  {
    name: 'edns',
    about: 'Octets that the client offers over UDP; 0 is a client without EDNS; 1232 when not given.',
  },
];

function payloadBytes(query: Query): number {
  const text = first(query, 'edns') ?? String(DEFAULT_PAYLOAD_BYTES);
  const bytes = Number(text);
  if (/^\d+$/.test(text) && bytes <= MAX_PAYLOAD_BYTES) return bytes;
  throw new AppError('bad_request', `Invalid edns: ${text} is not a number from 0 to ${MAX_PAYLOAD_BYTES}`);
}

function transport(query: Query): ExplainRequest['transport'] {
  const text = first(query, 'transport') ?? 'udp';
  if (text === 'udp' || text === 'tcp') return text;
  throw new AppError('bad_request', `Invalid transport: ${text} is neither udp nor tcp`);
}

const explain: Handler = ({ query }, { explainDns }) => {
  const name = first(query, 'name') ?? '';
  if (name === '') throw new AppError('bad_request', 'Missing name');
  const type = first(query, 'type') || 'A';
  return json(explainDns({ name, type, transport: transport(query), payloadBytes: payloadBytes(query) }));
};

export const dnsRoutes: readonly Route[] = [
  {
    path: '/v1/dns/explain',
    operations: {
      GET: {
        about: 'Why a DNS question is answered as it is.',
        place: THIS_AGENT,
        // It names what DNS leaves out, and why: every service and node, whoever may read them.
        permission: onAll('operator', 'read'),
        query: PARAMETERS,
        handle: explain,
      },
    },
  },
];
