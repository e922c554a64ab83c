/**
 * `rollcall keygen`: a random key for gossip encryption, in the reference's form.
 */
import { randomBytes } from 'node:crypto';
import type { Command } from '../command.ts';

const KEY_BYTES = 32;

export const command: Command = {
  summary: 'Print a new encryption key',
  flags: [],
  isClient: false,
  examples: ['rollcall keygen'],
  run: async ({ io }) => {
    io.out(randomBytes(KEY_BYTES).toString('base64'));
    return 0;
  },
};
