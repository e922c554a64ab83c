import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import type { SecureSettings } from '../../../../src/tls/secure-gate.ts';
import { decoded, nodeRow, queryPacket } from '../../../support/dns-rig.ts';
import { framed, type SocketRig, startSocketRig, tcpReader } from '../../../support/dns-sockets.ts';
import { pem, secureSettings } from '../../../support/test-certificates.ts';

let rig: SocketRig;
let replace: (settings: SecureSettings) => void;
const opened: net.Socket[] = [];
afterEach(async () => {
  for (const socket of opened.splice(0)) socket.destroy();
  await rig.server.close();
});

async function start(config = {}, handshakeMs = 5_000): Promise<number> {
  rig = await startSocketRig({
    config,
    secure: {
      addresses: ['127.0.0.1'],
      port: 0,
      handshakeMs,
      settings: () => secureSettings(),
      onChange: (listener) => {
        replace = listener;
      },
    },
  });
  rig.install([{ table: 'nodes', op: 'put', row: nodeRow('n1', '10.0.0.1') }]);
  return rig.server.securePort ?? 0;
}

function connect(port: number, more: tls.ConnectionOptions = {}): tls.TLSSocket {
  const socket = tls.connect({ port, host: '127.0.0.1', servername: 'localhost', ca: pem('ca'), ...more });
  socket.on('error', () => {});
  opened.push(socket);
  return socket;
}

const question = framed(queryPacket('n1.node.consul', 'A', { edns: 1_232 }));

describe('DNS over TLS', () => {
  it('answers any number of questions on one connection, padded, under its ALPN or none', async () => {
    const port = await start();
    for (const ALPNProtocols of [['dot'], undefined]) {
      const socket = connect(port, ALPNProtocols && { ALPNProtocols });
      const reader = tcpReader(socket);
      socket.write(Buffer.concat([question, question, question]));
      for (let i = 0; i < 3; i += 1) {
        const reply = await reader.next();
        expect(reply).toHaveLength(468);
        expect(decoded(reply).answer).toEqual(['n1.node.consul. 0 IN A 10.0.0.1']);
      }
    }
    expect(rig.metrics.collect().get('dns_encrypted')?.valueOf('tls')).toBe(6);
  });

  it('is not spoken with who wants to speak something else', async () => {
    const port = await start();
    const socket = connect(port, { ALPNProtocols: ['h2'] });
    const [error] = await new Promise<unknown[]>((resolve) =>
      socket.once('error', (...told) => resolve(told)),
    );
    expect(String(error)).toContain('no application protocol');
  });

  it('cuts off who does not finish a handshake, and counts it', async () => {
    const port = await start({}, 50);
    const socket = net.connect(port, '127.0.0.1');
    opened.push(socket);
    await once(socket, 'close');
    expect(rig.metrics.collect().get('tls_handshake_failures')?.valueOf('dns')).toBe(1);
  });

  it('gives a connection its place before the handshake', async () => {
    const port = await start({ tcpMaxConnections: 2 });
    const [first, second] = [net.connect(port, '127.0.0.1'), net.connect(port, '127.0.0.1')];
    opened.push(first, second);
    await Promise.all([once(first, 'connect'), once(second, 'connect')]);
    const gone = once(first, 'close');
    const socket = connect(port);
    await gone;
    socket.write(question);
    expect(await tcpReader(socket).next()).toHaveLength(468);
  });

  it('shows other certificates on new connections, and goes on with those that are open', async () => {
    const port = await start();
    const before = connect(port);
    await once(before, 'secureConnect');
    replace(secureSettings({}, 'server-n1'));
    const after = connect(port);
    await once(after, 'secureConnect');
    expect(after.getPeerCertificate().subjectaltname).toContain('n1.server.dc1.consul');
    before.write(question);
    expect(await tcpReader(before).next()).toHaveLength(468);
  });
});
