/**
 * `rollcall man`: the manual page, for packages to install.
 */
import { CLIENT_FLAGS } from '../client.ts';
import type { Command } from '../command-spec.ts';
import { manPage } from '../man-page.ts';
import { packageVersion } from '../own-version.ts';

export const command: Command = {
  summary: 'Print the manual page',
  flags: [],
  isClient: false,
  examples: ['rollcall man | man -l -', 'rollcall man > /usr/local/share/man/man1/rollcall.1'],
  run: async ({ io, allCommands }) => {
    io.out(manPage(await allCommands(), CLIENT_FLAGS, packageVersion()).trimEnd());
    return 0;
  },
};
