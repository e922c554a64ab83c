/**
 * A port that nothing on 127.0.0.1 listens on, neither over TCP nor over UDP, for programs that must be
 * told their ports. Another program may take it before it is used: whoever starts a server tries again.
 */
import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';

/** Whether UDP on `port` can be bound. */
async function isUdpFree(port: number): Promise<boolean> {
  const socket = dgram.createSocket('udp4');
  try {
    socket.bind(port, '127.0.0.1');
    await once(socket, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    socket.close();
  }
}

/** A port number that is free for TCP and UDP. Rejects after 20 tries. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const server = net.createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as net.AddressInfo;
    const isFree = await isUdpFree(port);
    server.close();
    await once(server, 'close');
    if (isFree) return port;
  }
  throw new Error('no port is free for TCP and UDP');
}
