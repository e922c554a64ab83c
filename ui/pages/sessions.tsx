/** The sessions of a node, the locks they hold, and ending one. */
import { useSignal } from '@preact/signals';
import { apiPath } from '../api/client.ts';
import type { KvShape, SessionShape } from '../api/shapes.ts';
import { useAction, useLive } from '../api/use-live.ts';
import { useApp } from '../app/app.ts';
import { Card } from '../parts/basic.tsx';
import { ActionError, Confirm } from '../parts/dialog.tsx';
import { plural } from '../parts/text.ts';

function InvalidateDialog({ session, onClose }: { session: SessionShape; onClose: () => void }) {
  const { api } = useApp();
  const fate = session.Behavior === 'delete' ? 'deleted' : 'released';
  return (
    <Confirm
      title="Invalidate this session?"
      verb="Invalidate"
      isDanger
      done={`Session ${session.Name || session.ID} is gone.`}
      work={() => api.send('PUT', apiPath('session', 'destroy', session.ID))}
      onClose={onClose}
    >
      <p>
        The locks it holds are {fate}, and whoever held them learns of it at their next call. Others may take
        the locks after the lock delay.
      </p>
    </Confirm>
  );
}

function Session({ session, locks }: { session: SessionShape; locks: readonly string[] | undefined }) {
  const { router } = useApp();
  const isAsking = useSignal(false);
  return (
    <li class="session">
      <div>
        <p class="name">{session.Name || 'unnamed session'}</p>
        <p class="mono hint">{session.ID}</p>
        <p class="meta-line">
          <span>{session.TTL ? `TTL ${session.TTL}` : 'no TTL'}</span>
          <span>{session.Behavior}</span>
          <span>lock delay {session.LockDelay / 1e9} s</span>
        </p>
        {locks?.map((key) => (
          <p key={key}>
            holds{' '}
            <a class="mono" href={router.to(['kv'], { key })}>
              {key}
            </a>
          </p>
        ))}
        {locks?.length === 0 && <p class="hint">holds no lock</p>}
      </div>
      <button type="button" class="danger" onClick={() => (isAsking.value = true)}>
        Invalidate
      </button>
      {isAsking.value && <InvalidateDialog session={session} onClose={() => (isAsking.value = false)} />}
    </li>
  );
}

export function Sessions({ node }: { node: string }) {
  const { api } = useApp();
  const sessions = useLive<readonly SessionShape[]>(apiPath('session', 'node', node)).data.value ?? [];
  const locked = useSignal<readonly KvShape[] | undefined>(undefined);
  const action = useAction();
  const find = () =>
    action.run(async () => {
      const keys = await api.get<readonly KvShape[]>('/v1/kv/?recurse');
      locked.value = keys.value.filter((entry) => entry.Session !== undefined && entry.Session !== '');
    }, '');
  return (
    <Card title="Sessions" side={plural(sessions.length, 'session')}>
      {sessions.length === 0 && <p class="hint">None. Programs open sessions to hold locks on keys.</p>}
      <ul class="plain-list">
        {sessions.map((session) => (
          <Session
            key={session.ID}
            session={session}
            locks={locked.value?.filter((entry) => entry.Session === session.ID).map((entry) => entry.Key)}
          />
        ))}
      </ul>
      {sessions.length > 0 && locked.value === undefined && (
        <button type="button" disabled={action.isBusy.value} onClick={() => void find()}>
          Find the locks they hold
        </button>
      )}
      <ActionError action={action} />
    </Card>
  );
}
