/**
 * Something to check: an HTTP server that says 200 to everything. Says its port to its parent.
 */
import http from 'node:http';
import type { AddressInfo } from 'node:net';

const server = http.createServer((_request, response) => response.end('ok'));
server.keepAliveTimeout = 1;
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit());
