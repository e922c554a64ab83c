/**
 * The floor of bench/http.ts, as a process of its own: a bare fastify route that sends as many bytes as it is asked for.
 */
import Fastify from 'fastify';

const app = Fastify();
const bodies = new Map<number, Buffer>();

app.get('/:bytes', (request, reply) => {
  const bytes = Number((request.params as { bytes: string }).bytes);
  const body = bodies.get(bytes) ?? Buffer.alloc(bytes, 'x');
  bodies.set(bytes, body);
  return reply.header('content-type', 'application/json').send(body);
});

await app.listen({ host: '127.0.0.1', port: Number(process.argv[2]) });
