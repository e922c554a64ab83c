/**
 * One UDP socket through node:dgram, which is everywhere: packets in, replies out, one system call for each.
 *
 * Replies are written into one buffer that is used again and again. The system usually takes a datagram at once; when it
 * does not, libuv still reads from the buffer later, so that buffer is left to the queue and a new one is taken. A reply
 * that cannot be sent is gone, as UDP is: the client asks again. Where there is the library, udp-batch.ts does this work.
 */
import dgram from 'node:dgram';
import net from 'node:net';
import type { Logger } from '../../lib/logger.ts';
import { MAX_MESSAGE_BYTES } from '../../wire/constants.ts';
import type { Client, Handler } from '../handle.ts';
import { type Endpoint, type Listener, RECEIVE_BUFFER_BYTES } from './endpoint.ts';

export interface DgramParts {
  readonly handler: Pick<Handler, 'handle'>;
  readonly log: Pick<Logger, 'warn'>;
  /** Share the port with sockets of other threads; the system spreads the packets over them. */
  readonly isShared: boolean;
}

/** Addresses are numbers here, so nothing is looked up: that saves a task for each packet. */
function literalLookup(
  host: string,
  _options: unknown,
  callback: (error: null, address: string, family: number) => void,
): void {
  callback(null, host, net.isIP(host));
}

function createSocket(endpoint: Endpoint, isShared: boolean): dgram.Socket {
  const type = net.isIPv6(endpoint.address) ? 'udp6' : 'udp4';
  return dgram.createSocket({
    type,
    ipv6Only: type === 'udp6',
    reusePort: isShared,
    recvBufferSize: RECEIVE_BUFFER_BYTES,
    lookup: literalLookup as unknown as NonNullable<dgram.SocketOptions['lookup']>,
  });
}

function answerPackets(socket: dgram.Socket, { handler }: DgramParts): void {
  let out = Buffer.allocUnsafeSlow(MAX_MESSAGE_BYTES);
  let address = '';
  const client: Client = { transport: 'udp', address: () => address };

  function send(bytes: Uint8Array, length: number, peer: dgram.RemoteInfo): void {
    socket.send(bytes, 0, length, peer.port, peer.address);
  }

  async function sendLater(reply: Promise<Uint8Array | null>, peer: dgram.RemoteInfo): Promise<void> {
    const bytes = await reply;
    if (bytes !== null && bytes.length > 0 && !isClosed) send(bytes, bytes.length, peer);
  }

  let isClosed = false;
  socket.once('close', () => {
    isClosed = true;
  });
  socket.on('message', (packet, peer) => {
    // Nothing can be sent to port 0; a packet that claims to come from there is forged.
    if (peer.port === 0) return;
    address = peer.address;
    const handled = handler.handle(packet, client, out);
    if (typeof handled !== 'number') {
      void sendLater(handled, peer);
      return;
    }
    if (handled === 0) return;
    send(out, handled, peer);
    if (socket.getSendQueueCount() > 0) out = Buffer.allocUnsafeSlow(MAX_MESSAGE_BYTES);
  });
}

/** Open a socket and answer what comes. Rejects with the system's error when the address cannot be had. */
export function openDgram(endpoint: Endpoint, parts: DgramParts): Promise<Listener> {
  const socket = createSocket(endpoint, parts.isShared);
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(endpoint.port, endpoint.address, () => {
      socket.removeListener('error', reject);
      socket.on('error', (error) => parts.log.warn({ err: error }, 'UDP socket'));
      answerPackets(socket, parts);
      resolve({
        port: socket.address().port,
        close: () => new Promise((closed) => socket.close(() => closed())),
      });
    });
  });
}
