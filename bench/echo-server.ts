/**
 * The floor of every DNS bench: a socket that sends each packet back and does nothing else. Says its port to its parent.
 */
import dgram from 'node:dgram';

const socket = dgram.createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 });
socket.on('message', (packet, peer) => socket.send(packet, 0, packet.length, peer.port, peer.address));
socket.bind(0, '127.0.0.1', () => process.send?.(socket.address().port));
process.on('disconnect', () => process.exit());
