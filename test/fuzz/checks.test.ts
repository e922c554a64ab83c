/**
 * Checks with what nobody would write: documents of any shape, addresses of any text, targets that answer with noise.
 */
import type net from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PolledKind, Probe } from '../../src/checks/check.ts';
import { createDial } from '../../src/checks/dial.ts';
import { splitHostPort } from '../../src/checks/host-port.ts';
import { grpcProbe, healthStatus } from '../../src/checks/kinds/grpc-probe.ts';
import { h2pingProbe } from '../../src/checks/kinds/h2ping-probe.ts';
import { httpProbe } from '../../src/checks/kinds/http-probe.ts';
import { tcpProbe } from '../../src/checks/kinds/tcp-probe.ts';
import { decodeCheck, decodeService } from '../../src/decode/definitions.ts';
import { AppError } from '../../src/model/errors.ts';
import { runProbe } from '../support/run-probe.ts';
import { closedPort, tcpTarget } from '../support/targets.ts';

const DEFAULTS = { outputMaxBytes: 4_096 };
const NAMES = [
  'Name',
  'ID',
  'Tags',
  'Meta',
  'Port',
  'Check',
  'Checks',
  'Weights',
  'TaggedAddresses',
  'Proxy',
];
const CHECK_NAMES = [
  'Name',
  'HTTP',
  'TTL',
  'Interval',
  'Header',
  'Args',
  'Status',
  'OutputMaxSize',
  '__proto__',
];

/** Documents with real names and values of any kind. */
function documents(names: readonly string[]): fc.Arbitrary<object> {
  const entry = fc.tuple(fc.constantFrom(...names), fc.jsonValue({ maxDepth: 3 }));
  return fc
    .array(entry, { maxLength: 8 })
    .map((entries) =>
      JSON.parse(`{${entries.map(([k, v]) => `${JSON.stringify(k)}:${JSON.stringify(v)}`).join()}}`),
    );
}

function refusesOnly(decode: () => unknown): void {
  try {
    decode();
  } catch (error) {
    expect(error).toBeInstanceOf(AppError);
  }
}

test('a document is decoded or refused, whatever it holds', () => {
  fc.assert(
    fc.property(fc.oneof(documents(NAMES), fc.jsonValue()), (json) => {
      refusesOnly(() => decodeService(json, 'api', DEFAULTS));
      refusesOnly(() => decodeService(json, 'config', DEFAULTS));
    }),
    { numRuns: 2_000 },
  );
  fc.assert(
    fc.property(documents(CHECK_NAMES), (json) => {
      refusesOnly(() => decodeCheck(json, 'api', DEFAULTS));
      refusesOnly(() => decodeService({ Name: 'a', Check: json }, 'api', DEFAULTS));
    }),
    { numRuns: 2_000 },
  );
});

test('an address is split or has a fault, whatever it says', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.ipV6(), fc.tuple(fc.domain(), fc.integer()).map(String)),
      (address) => {
        const split = splitHostPort(address);
        if ('fault' in split) expect(split.fault).not.toBe('');
        else expect(split.port >= 0 && split.port <= 65_535 && split.host !== '').toBe(true);
      },
    ),
    { numRuns: 2_000 },
  );
});

test('an answer of the health protocol is read or not, whatever its octets are', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20 }), (octets) => {
      expect(healthStatus(Buffer.from(octets))).toBeGreaterThanOrEqual(0);
    }),
  );
});

test('an HTTP check ends in a result, whatever its URL, method and headers are', async () => {
  const probe = httpProbe(createDial());
  const port = await closedPort();
  const texts = fc.array(fc.string(), { maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.string(),
        fc.webUrl().map((url) => url.replace(/\/\/[^/]*/, `//127.0.0.1:${port}`)),
      ),
      fc.oneof(fc.constantFrom('GET', 'POST', 'CONNECT', 'HEAD'), fc.string({ minLength: 1 })),
      fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('Host', 'Content-Length', 'Connection')), texts),
      async (HTTP, Method, Header) => {
        const json = { HTTP: `${HTTP}` || 'x', Method, Header };
        const { status, output } = await runProbe(probe, json, { timeoutMs: 500 });
        expect([status, typeof output]).toEqual(['critical', 'string']);
      },
    ),
    { numRuns: 200 },
  );
});

const noise = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 200 }).map((octets) => Buffer.from(octets)),
  fc.string({ maxLength: 200 }).map((text) => Buffer.from(`HTTP/1.1 200 OK\r\n${text}`)),
  fc.uint8Array({ maxLength: 100 }).map((tail) => Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0, ...tail])),
);

test.each([
  ['http', httpProbe(createDial()), (port: number) => ({ HTTP: `http://127.0.0.1:${port}/` })],
  ['https', httpProbe(createDial()), (port: number) => ({ HTTP: `https://127.0.0.1:${port}/` })],
  [
    'tcp with TLS',
    tcpProbe(createDial()),
    (port: number) => ({ TCP: `127.0.0.1:${port}`, TCPUseTLS: true, TLSServerName: 'a b\u0000' }),
  ],
  ['grpc', grpcProbe(createDial()), (port: number) => ({ GRPC: `127.0.0.1:${port}/x` })],
  [
    'h2ping',
    h2pingProbe(createDial()),
    (port: number) => ({ H2PING: `127.0.0.1:${port}`, H2PingUseTLS: false }),
  ],
])('a target that answers with noise ends a check of kind %s in a result', async (_, probe, check) => {
  let answer = Buffer.alloc(0);
  const port = await tcpTarget((socket: net.Socket) => socket.once('data', () => socket.end(answer)));
  await fc.assert(
    fc.asyncProperty(noise, async (octets) => {
      answer = octets;
      const { output } = await runProbe(probe as Probe<PolledKind>, check(port), { timeoutMs: 300 });
      expect(typeof output).toBe('string');
    }),
    { numRuns: 150 },
  );
});
