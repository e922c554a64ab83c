/**
 * `rollcall query delete`.
 */
import { AppError } from '../../model/errors.ts';
import type { Command } from '../command-spec.ts';

export const command: Command = {
  summary: 'Delete a prepared query',
  args: 'ID',
  flags: [],
  isClient: true,
  examples: ['rollcall query delete 8f246b77-f3e1-ff88-5b48-8ec93abf3e05'],
  run: async ({ args: [id], io, client }) => {
    if (id === undefined) throw new AppError('bad_request', 'Missing ID argument');
    await client().ok('DELETE', `/v1/query/${encodeURIComponent(id)}`);
    io.out(`Deleted query: ${id}`);
    return 0;
  },
};
