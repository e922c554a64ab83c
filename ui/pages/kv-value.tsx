/** The field for the value of a key, which warns of broken JSON and YAML, and what is left of a key that is gone. */
import { effect, type Signal, useSignal } from '@preact/signals';
import { useLayoutEffect } from 'preact/hooks';
import { kvPath } from '../api/client.ts';
import { useAction } from '../api/use-live.ts';
import { useApp } from '../app/app.ts';
import type { KeyDraft } from '../app/key-drafts.ts';
import { valueProblem } from '../app/value-problem.ts';
import { Empty } from '../parts/basic.tsx';
import { CodeField } from '../parts/code-field.tsx';
import { ActionError } from '../parts/dialog.tsx';
import { KeyHistory } from './kv-history.tsx';

interface ValueFieldProps {
  /** Of the key: its ending says what it holds. */
  readonly name: string;
  readonly value: Signal<string>;
  readonly rows: number;
}

export function ValueField({ name, value, rows }: ValueFieldProps) {
  const problem = valueProblem(name, value.value);
  return (
    <CodeField
      label="Value"
      value={value}
      rows={rows}
      marked={problem?.line}
      problem={problem && `Not valid ${problem.form}: ${problem.text}. It can be saved all the same.`}
    />
  );
}

/** What somebody had typed into a key that was deleted meanwhile. */
function TypedBefore({ draft }: { draft: KeyDraft }) {
  const { api, live, keyDrafts } = useApp();
  const action = useAction();
  const text = useSignal(draft.text);
  const key = draft.base.Key;
  const isDropped = useSignal(false);
  useLayoutEffect(
    () =>
      effect(() => {
        if (!isDropped.peek()) keyDrafts.keep({ ...draft, text: text.value });
      }),
    [draft, keyDrafts, text, isDropped],
  );
  const drop = () => {
    isDropped.value = true;
    keyDrafts.forget(key);
  };
  const create = async () => {
    const query = new URLSearchParams({ cas: '0', flags: draft.flags || '0' });
    const work = async () => {
      const isCreated = await api.send<boolean>('PUT', `${kvPath(key)}?${query}`, text.peek());
      if (!isCreated) throw new Error('Somebody created this key again meanwhile. Look at it first.');
    };
    if (!(await action.run(work, `Created ${key}.`))) return;
    drop();
    live.refresh();
  };
  if (isDropped.value) return null;
  return (
    <>
      <p>Somebody deleted it while you were editing. What you typed is still here:</p>
      <ValueField name={key} value={text} rows={8} />
      <ActionError action={action} />
      <div class="button-row">
        <button type="button" class="primary" onClick={() => void create()}>
          Create it again with this
        </button>
        <button type="button" class="danger end" onClick={drop}>
          Drop what I typed
        </button>
      </div>
    </>
  );
}

/** A key that is not there: perhaps a folder was meant, perhaps it was there a moment ago. */
export function LostKey({ name }: { name: string }) {
  const { router, keyDrafts } = useApp();
  const draft = useSignal(keyDrafts.of(name)).peek();
  const again = useSignal<string | undefined>(undefined);
  return (
    <>
      <Empty title="This key does not exist (any more).">
        <p>
          There may be keys below it: <a href={router.to(['kv'], { in: `${name}/` })}>{name}/</a>
        </p>
      </Empty>
      {draft && <TypedBefore draft={draft} />}
      {!draft && again.value !== undefined && (
        <TypedBefore key={again.value} draft={{ base: lostEntry(name), text: again.value, flags: '0' }} />
      )}
      <KeyHistory name={name} onTake={(text) => (again.value = text)} />
    </>
  );
}

/** Stands for the stored version of a key that is not stored. */
const lostEntry = (Key: string): KeyDraft['base'] => ({
  Key,
  Value: null,
  Flags: 0,
  LockIndex: 0,
  CreateIndex: 0,
  ModifyIndex: 0,
});
