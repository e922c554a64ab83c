/**
 * `rollcall monitor`: the agent's log as it is written, until an interrupt.
 */

import { unexpected } from '../client.ts';
import type { Command, CommandInput } from '../command-spec.ts';

async function run({ flags, io, client, interrupted }: CommandInput): Promise<number> {
  const response = await client().open('GET', '/v1/agent/monitor', {
    query: {
      loglevel: flags.text('log-level') ?? 'INFO',
      logjson: flags.isOn('log-json') ? 'true' : undefined,
    },
    signal: interrupted,
  });
  if (response.statusCode !== 200) {
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    throw unexpected({
      status: response.statusCode ?? 0,
      headers: response.headers,
      body: Buffer.concat(chunks),
    });
  }
  try {
    for await (const chunk of response) io.raw(chunk as Buffer);
  } catch {
    // the stream breaks when the agent dies, and when the user interrupts
  }
  if (!interrupted.aborted)
    io.err('Remote side ended the monitor! This usually means that the remote side has exited or crashed.');
  return interrupted.aborted ? 0 : 1;
}

export const command: Command = {
  summary: 'Follow the log of the agent',
  flags: [
    {
      name: 'log-level',
      value: 'LEVEL',
      doc: 'Least important lines to show: trace, debug, info, warn, err.',
    },
    { name: 'log-json', doc: 'Lines as JSON.' },
  ],
  isClient: true,
  refusedAs: 'Error starting monitor',
  isLong: true,
  examples: ['rollcall monitor -log-level=debug'],
  run,
};
