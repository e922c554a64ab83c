/**
 * `rollcall keygen`: a random key for gossip encryption, in Consul's form.
 */
import { systemRandom } from '../../lib/random.ts';
import type { Command } from '../command-spec.ts';

const KEY_BYTES = 32;

export const command: Command = {
  summary: 'Print a new encryption key',
  flags: [],
  isClient: false,
  examples: ['rollcall keygen'],
  run: async ({ io }) => {
    io.out(Buffer.from(systemRandom.bytes(KEY_BYTES)).toString('base64'));
    return 0;
  },
};
