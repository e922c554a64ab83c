/** Very many connections at once, from many addresses, that say nothing. */
import type { Attack } from './harness.ts';
import { connect, until } from './requests.ts';

const PER_ADDRESS = 150;

export const connectionAttacks: readonly Attack[] = [
  {
    name: '5,000 idle connections arriving at once',
    async strike(agent, size) {
      const count = Math.round(5_000 * size);
      const ends: (() => void)[] = [];
      const connecting = Array.from({ length: count }, (_, i) =>
        connect(agent, { from: `127.0.1.${1 + Math.floor(i / PER_ADDRESS)}` }).then(({ socket }) =>
          ends.push(() => socket.destroy()),
        ),
      );
      const results = await Promise.allSettled(connecting);
      await until(() => false, 1_000);
      for (const end of ends) end();
      return `${results.filter(({ status }) => status === 'fulfilled').length} connected`;
    },
  },
];
