/** Bodies that are sent to within an octet of their end, and then nothing. */
import type { Attack } from './harness.ts';
import { connect, type RawConnection, tally, until, write } from './requests.ts';

const MIB = 1_024 * 1_024;

function halfBodies(name: string, path: string, count: number, bytes: number): Attack {
  return {
    name,
    async strike(agent, size, hold) {
      const octets = Math.round(bytes * size);
      const head = `PUT ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${octets}\r\n\r\n`;
      const most = Buffer.alloc(Math.min(octets - 1, 4 * MIB), ' ');
      const connections: RawConnection[] = [];
      hold(() => connections.forEach(({ socket }) => void socket.destroy()));
      const one = async (): Promise<void> => {
        const connection = await connect(agent);
        connections.push(connection);
        await write(connection, head);
        for (let left = octets - 1; left > 0 && !connection.socket.destroyed; left -= most.length)
          await Promise.race([
            write(connection, most.subarray(0, Math.min(left, most.length))),
            until(() => connection.statuses.length > 0, 20_000),
          ]);
      };
      await Promise.all(Array.from({ length: count }, one));
      await until(() => false, 2_000);
      const statuses = connections.flatMap((each) => each.statuses);
      return statuses.length === 0 ? 'all are held' : tally(statuses);
    },
  };
}

export const bodiesAttacks: readonly Attack[] = [
  halfBodies('190 half registration bodies of one address', '/v1/agent/service/register', 190, 4 * MIB),
  halfBodies('190 half values of one address', '/v1/kv/half', 190, 512 * 1024),
  halfBodies('8 half snapshot bodies', '/v1/snapshot', 8, 256 * MIB),
];
