/**
 * A network between a client and a server that a test can spoil: lose what comes back, swallow everything, cut.
 */
import { once } from 'node:events';
import net from 'node:net';

export type NetworkMode =
  | 'open'
  /** What the client sends arrives; nothing comes back. */
  | 'replies-lost'
  /** Nothing arrives, and nobody is told. */
  | 'silent'
  /** Connections are refused at once. */
  | 'refused';

export interface TcpProxy {
  readonly port: number;
  /** Connections that were taken so far. */
  readonly connections: number;
  set(mode: NetworkMode): void;
  /** End every connection without warning. */
  cut(): void;
  close(): Promise<void>;
}

/** A proxy on 127.0.0.1 to `host:port`. */
export async function tcpProxy(host: string, port: number): Promise<TcpProxy> {
  let mode: NetworkMode = 'open';
  let connections = 0;
  const sockets = new Set<net.Socket>();
  const server = net.createServer((near) => {
    if (mode === 'refused') {
      near.resetAndDestroy();
      return;
    }
    connections += 1;
    const far = net.connect(port, host);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    near.on('data', (data) => {
      if (mode !== 'silent') far.write(data);
    });
    far.on('data', (data) => {
      if (mode === 'open') near.write(data);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as net.AddressInfo).port,
    get connections() {
      return connections;
    },
    set: (next) => {
      mode = next;
    },
    cut,
    close: async () => {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
