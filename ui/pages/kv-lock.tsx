/** Who holds the lock on a key: the session's name and the node it lives on. */
import { apiPath } from '../api/client.ts';
import type { KvShape, SessionShape } from '../api/shapes.ts';
import { useAnswer } from '../api/use-live.ts';
import { useApp } from '../app/app.ts';
import { plural } from '../parts/text.ts';

export function LockHolder({ entry }: { entry: KvShape }) {
  const { router } = useApp();
  const path = entry.Session ? apiPath('session', 'info', entry.Session) : '';
  const session = useAnswer<readonly SessionShape[] | null>(path).data.value?.[0];
  if (!entry.Session)
    return (
      <>{entry.LockIndex === 0 ? 'never locked' : `free, was taken ${plural(entry.LockIndex, 'time')}`}</>
    );
  return (
    <>
      held by {session?.Name || 'session'} <span class="mono">{entry.Session.slice(0, 8)}</span>
      {session && (
        <>
          {' '}
          on <a href={router.to(['nodes', session.Node])}>{session.Node}</a>
        </>
      )}
    </>
  );
}
