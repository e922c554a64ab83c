/** Creating a key (never over an existing one), deleting one that nobody changed meanwhile, deleting a folder. */
import { effect, useSignal } from '@preact/signals';
import { useLayoutEffect } from 'preact/hooks';
import { kvPath } from '../api/client.ts';
import type { KvShape } from '../api/shapes.ts';
import { useAction, useAnswer } from '../api/use-live.ts';
import { useApp } from '../app/app.ts';
import { Confirm, Dialog, DialogForm } from '../parts/dialog.tsx';
import { TextField } from '../parts/field.tsx';
import { plural } from '../parts/text.ts';
import { ValueField } from './kv-value.tsx';

interface CreateProps {
  readonly folder: string;
  readonly onClose: () => void;
  readonly onCreated: (key: string) => void;
}

export function CreateKeyDialog({ folder, onClose, onCreated }: CreateProps) {
  const { api, keyDrafts } = useApp();
  const action = useAction();
  const begun = useSignal(keyDrafts.begun()).peek();
  const key = useSignal(begun?.key ?? folder);
  const value = useSignal(begun?.text ?? '');
  // Escape and other pages leave what was typed for the next time; Cancel drops it.
  useLayoutEffect(
    () =>
      effect(() => {
        const isTouched = value.value !== '' || key.value !== folder;
        keyDrafts.begin(isTouched ? { key: key.value, text: value.value } : undefined);
      }),
    [keyDrafts, key, value, folder],
  );
  const drop = () => {
    keyDrafts.begin(undefined);
    onClose();
  };
  const submit = async () => {
    const name = key.value.trim();
    const work = async () => {
      const isCreated = await api.send<boolean>('PUT', `${kvPath(name)}?cas=0`, value.value);
      if (!isCreated) throw new Error(`${name} exists already; open it to change it.`);
    };
    if (!(await action.run(work, `Created ${name}.`))) return;
    drop();
    onCreated(name);
  };
  return (
    <Dialog title="Create a key" onClose={onClose} class="wide">
      <DialogForm action={action} verb="Create" onSubmit={() => void submit()} onCancel={drop}>
        {begun && <p class="hint">Begun before and not created yet. Cancel drops it.</p>}
        <TextField label="Key" value={key} isRequired isMono hint="Slashes make folders." />
        <ValueField name={key.value} value={value} rows={8} />
      </DialogForm>
    </Dialog>
  );
}

interface DeleteKeyProps {
  readonly entry: KvShape;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

export function DeleteKeyDialog({ entry, onClose, onDone }: DeleteKeyProps) {
  const { api } = useApp();
  const work = async () => {
    const path = `${kvPath(entry.Key)}?cas=${entry.ModifyIndex}`;
    const isDeleted = await api.send<boolean>('DELETE', path);
    if (!isDeleted)
      throw new Error('Somebody changed this key meanwhile. Look at it again before you delete it.');
  };
  return (
    <Confirm
      title={`Delete ${entry.Key}?`}
      verb="Delete"
      isDanger
      done={`Deleted ${entry.Key}.`}
      work={work}
      onClose={onClose}
      onDone={onDone}
    >
      <p>Programs that read it get “not found” from now on. It cannot be brought back.</p>
      {entry.Session && <p>A session holds a lock on it; deleting the key ends the lock too.</p>}
    </Confirm>
  );
}

interface DeleteFolderProps {
  readonly folder: string;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

export function DeleteFolderDialog({ folder, onClose, onDone }: DeleteFolderProps) {
  const { api } = useApp();
  const keys = useAnswer<readonly string[] | null>(`${kvPath(folder)}?keys`).data.value;
  return (
    <Confirm
      title={`Delete everything in ${folder}?`}
      verb={keys ? `Delete ${plural(keys.length, 'key')}` : 'Delete'}
      isDanger
      done={`Deleted ${folder}.`}
      work={() => api.send('DELETE', `${kvPath(folder)}?recurse`)}
      onClose={onClose}
      onDone={onDone}
    >
      <p>All keys that begin with this text go at once. They cannot be brought back.</p>
      {keys && keys.length > 0 && (
        <ul class="preview mono">
          {keys.slice(0, 8).map((key) => (
            <li key={key}>{key}</li>
          ))}
          {keys.length > 8 && <li>… and {plural(keys.length - 8, 'more', 'more')}</li>}
        </ul>
      )}
    </Confirm>
  );
}
