/**
 * Something to check: says 200 to whatever a connection sends first, and closes it. It parses nothing, because what a
 * target costs is taken from the cores that the agent is measured on. Says its port to its parent.
 */
import net, { type AddressInfo } from 'node:net';

const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok';

const server = net.createServer((socket) => {
  socket.once('data', () => socket.end(ANSWER, 'latin1'));
  socket.on('error', () => socket.destroy());
});
server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, () =>
  process.send?.((server.address() as AddressInfo).port),
);
process.on('disconnect', () => process.exit());
