/**
 * /dns-query: DNS over HTTPS (RFC 8484). A message of DNS in, its reply out; HTTP knows nothing of either but the smallest TTL,
 * for how long caches may keep it.
 *
 * On encrypted connections only: elsewhere there is no such path, as the RFC demands.
 */
import { AppError, refuse } from '../../model/errors.ts';
import { open } from '../access/permission.ts';
import type { Call } from '../call-and-reply.ts';
import { THIS_AGENT } from '../place.ts';
import { text } from '../reply.ts';
import { first } from '../request/query-values.ts';
import type { Handler, Route } from '../route.ts';

const MAX_MESSAGE_BYTES = 65_535;
const HEADER_BYTES = 12;
const TYPE = 'application/dns-message';
const BASE64URL = /^[A-Za-z0-9_-]*$/;

function messageOf({ method, query, body }: Call): Uint8Array {
  if (method === 'POST') return body;
  const encoded = first(query, 'dns');
  if (encoded === undefined) return refuse('bad_request', 'Missing dns: the message in base64url');
  if (!BASE64URL.test(encoded)) return refuse('bad_request', 'Invalid dns: is not base64url without padding');
  return Buffer.from(encoded, 'base64url');
}

const answer: Handler = async (call, { answerDns }) => {
  if (!call.isEncrypted) return text(404, 'DNS over HTTPS is answered on ports.https only');
  const message = messageOf(call);
  if (message.length < HEADER_BYTES || message.length > MAX_MESSAGE_BYTES)
    throw new AppError('bad_request', 'This is no DNS message');
  const reply = await answerDns(message, call.remoteAddress);
  if (reply === undefined) throw new AppError('bad_request', 'This is no DNS question');
  return {
    status: 200,
    body: Buffer.from(reply.message),
    headers: { 'Content-Type': TYPE, 'Cache-Control': `max-age=${reply.freshSeconds}` },
  };
};

const RULES = {
  place: THIS_AGENT,
  permission: open('DNS is open'),
  maxBodyBytes: () => MAX_MESSAGE_BYTES,
  handle: answer,
} as const;

export const dnsQueryRoutes: readonly Route[] = [
  {
    path: '/dns-query',
    operations: {
      GET: {
        ...RULES,
        about: 'Answer a DNS message, over HTTPS.',
        query: [{ name: 'dns', about: 'The message in base64url, without padding.' }],
      },
      POST: { ...RULES, about: 'Answer a DNS message, over HTTPS.', body: 'bytes' },
    },
  },
];
