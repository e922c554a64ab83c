/**
 * `rollcall completion`: a script that teaches a shell the commands and flags.
 */
import { hintOf } from '../../lib/nearest.ts';
import { AppError } from '../../model/errors.ts';
import type { Command } from '../command-spec.ts';
import { COMPLETIONS } from '../completion-scripts.ts';

const SHELLS = Object.keys(COMPLETIONS);

export const command: Command = {
  summary: 'Print a completion script for a shell',
  args: SHELLS.join('|'),
  flags: [],
  isClient: false,
  examples: [
    'source <(rollcall completion bash)',
    'rollcall completion zsh > ~/.zfunc/_rollcall',
    'rollcall completion fish > ~/.config/fish/completions/rollcall.fish',
  ],
  run: async ({ args: [shell = ''], io, allCommands }) => {
    const write = Object.hasOwn(COMPLETIONS, shell) ? COMPLETIONS[shell] : undefined;
    if (!write)
      throw new AppError('bad_request', `name a shell: ${SHELLS.join(', ')}${hintOf(shell, SHELLS)}`);
    io.out(write(await allCommands()).trimEnd());
    return 0;
  },
};
