/**
 * A part that is started when the catalog was read, while the others go on.
 *
 * DNS of a server that has not seen its catalog yet would answer that there is nothing. While it does not listen,
 * resolvers ask the next server at once.
 */
import { AppError } from '../model/errors.ts';
import type { Part } from './lifecycle.ts';
import type { Role } from './role.ts';

/** The part, unchanged where the catalog was read before; `fail` is told when it cannot start later. */
export function onceLoaded(
  part: Part,
  { loaded }: Pick<Role, 'loaded'>,
  fail: (error: AppError) => void,
): Part {
  if (loaded === undefined) return part;
  let starting: Promise<void> | undefined;
  let isStopped = false;
  const start = async (): Promise<void> => {
    await loaded;
    if (isStopped) return;
    starting = part.start();
    await starting;
  };
  return {
    name: part.name,
    start: async () => {
      start().catch((error: unknown) => {
        const cause = error instanceof AppError ? error : new AppError('config_invalid', String(error));
        fail(cause);
      });
    },
    stop: async () => {
      isStopped = true;
      await starting?.catch(() => {}); // said to `fail`
      if (starting !== undefined) await part.stop();
    },
  };
}
