/** A thousand requests in one write on one connection. */
import type { Attack } from './harness.ts';
import { connect, putAll, tally, until, write } from './requests.ts';

function pipelined(name: string, request: (i: number) => string, prepare?: Attack['prepare']): Attack {
  return {
    name,
    ...(prepare && { prepare }),
    async strike(agent, size, hold) {
      const connection = await connect(agent);
      hold(() => void connection.socket.destroy());
      const count = Math.round(1_000 * size);
      await write(connection, Array.from({ length: count }, (_, i) => request(i)).join(''));
      await until(() => connection.statuses.length >= count || connection.socket.destroyed, 30_000);
      return tally(connection.statuses);
    },
  };
}

export const pipelineAttacks: readonly Attack[] = [
  pipelined(
    '1,000 pipelined GETs on one connection',
    (i) => `GET /v1/health/service/many?pretty&${i} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    (agent, size) =>
      putAll(
        agent,
        Array.from({ length: Math.round(100 * size) }, (_, i) => [
          '/v1/agent/service/register',
          { ID: `many-${i}`, Name: 'many', Port: i + 1, Check: { TTL: '1h' } },
        ]),
      ),
  ),
  pipelined('1,000 pipelined PUTs on one connection', (i) => {
    const body = JSON.stringify({ ID: `p-${i}`, Name: 'piped', Port: 1 });
    const head = `PUT /v1/agent/service/register HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n`;
    return head + body;
  }),
];
