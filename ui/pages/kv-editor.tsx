/**
 * The editor of one key. Saving is always "only if nobody changed it since I looked" (CAS): a conflict shows both sides
 * and lets a person choose.
 */
import { effect, type Signal, useComputed, useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect } from 'preact/hooks';
import { kvPath } from '../api/client.ts';
import type { KvShape } from '../api/shapes.ts';
import { useLines } from '../api/take-along.ts';
import { type Action, useAction, useLive } from '../api/use-live.ts';
import { useApp } from '../app/app.ts';
import { Facts, Loading, Output, Refusal } from '../parts/basic.tsx';
import { Commands } from '../parts/command.tsx';
import { ActionError } from '../parts/dialog.tsx';
import { TextField } from '../parts/field.tsx';
import { Segments } from '../parts/filter-bar.tsx';
import { Inspector } from '../parts/inspector.tsx';
import { prettyJson } from '../parts/json.ts';
import { bytes, type Decoded, decodeBase64, hexDump } from '../parts/text.ts';
import { Conflict } from './kv-conflict.tsx';
import { DeleteKeyDialog } from './kv-dialogs.tsx';
import { KeyHistory } from './kv-history.tsx';
import { LockHolder } from './kv-lock.tsx';
import { LostKey, ValueField } from './kv-value.tsx';

/** What a person has typed over the version `base`. */
interface Draft {
  readonly base: Signal<KvShape>;
  readonly text: Signal<string>;
  readonly flags: Signal<string>;
  readonly isDirty: { readonly value: boolean };
  readonly reset: (to: KvShape) => void;
}

function textOf(entry: KvShape): string {
  const decoded = decodeBase64(entry.Value ?? '');
  return decoded.kind === 'text' ? decoded.text : '';
}

/** What is typed; it begins with what was typed into this key before and not saved. */
function useDraft(stored: KvShape): Draft {
  const { keyDrafts } = useApp();
  const kept = keyDrafts.of(stored.Key);
  const base = useSignal(kept?.base ?? stored);
  const text = useSignal(kept?.text ?? textOf(stored));
  const flags = useSignal(kept?.flags ?? String(stored.Flags));
  const isDirty = useComputed(
    () => text.value !== textOf(base.value) || flags.value !== String(base.value.Flags),
  );
  const reset = (to: KvShape) => {
    base.value = to;
    text.value = textOf(to);
    flags.value = String(to.Flags);
  };
  // A change by somebody else is shown at once, unless something was typed that it would wipe out.
  useEffect(() => {
    if (stored.ModifyIndex !== base.peek().ModifyIndex && !isDirty.peek()) reset(stored);
  });
  // Before anybody can type: an effect that waits for the next frame misses what is typed and left at once.
  useLayoutEffect(
    () =>
      effect(() => {
        const draft = { base: base.value, text: text.value, flags: flags.value };
        if (isDirty.value) keyDrafts.keep(draft);
        else keyDrafts.forget(stored.Key);
      }),
    [stored.Key],
  );
  return { base, text, flags, isDirty, reset };
}

function useSave(draft: Draft): { readonly action: Action; readonly save: (over: number) => Promise<void> } {
  const { api, live } = useApp();
  const action = useAction();
  const save = async (over: number) => {
    const key = draft.base.peek().Key;
    const text = draft.text.peek();
    const query = new URLSearchParams({ cas: String(over), flags: draft.flags.peek() || '0' });
    const work = async () => {
      const isSaved = await api.send<boolean>('PUT', `${kvPath(key)}?${query}`, text);
      if (!isSaved) throw new Error('Somebody changed this key since you opened it. Nothing was saved.');
      const { value } = await api.get<readonly KvShape[]>(kvPath(key));
      if (value[0]) draft.reset(value[0]);
    };
    await action.run(work, `Saved ${key}.`);
    live.refresh();
  };
  return { action, save };
}

function JsonView({ draft }: { draft: Draft }) {
  const pretty = prettyJson(draft.text.value);
  if (pretty === undefined) return <p class="hint">This value is not JSON.</p>;
  return (
    <>
      <Output label="Value as JSON" isTall>
        {pretty}
      </Output>
      {pretty !== draft.text.value && (
        <button type="button" onClick={() => (draft.text.value = pretty)}>
          Use this formatting
        </button>
      )}
    </>
  );
}

function BinaryView({ decoded }: { decoded: Extract<Decoded, { kind: 'binary' }> }) {
  return (
    <>
      <p class="hint">
        {bytes(decoded.bytes.length)} that are not text; the page shows them and leaves them alone.
      </p>
      <Output label="Value in hex" isTall>
        {hexDump(decoded.bytes)}
      </Output>
    </>
  );
}

function ValueEditor({ draft }: { draft: Draft }) {
  const view = useSignal('raw');
  return (
    <div class="value-editor">
      <Segments
        label="View of the value"
        value={view.value}
        options={[
          ['raw', 'Raw'],
          ['json', 'JSON'],
        ]}
        onChange={(next) => (view.value = next)}
      />
      {view.value === 'json' ? (
        <JsonView draft={draft} />
      ) : (
        <ValueField name={draft.base.value.Key} value={draft.text} rows={12} />
      )}
    </div>
  );
}

function EntryFacts({ entry }: { entry: KvShape }) {
  return (
    <Facts
      facts={[
        ['size', bytes(atob(entry.Value ?? '').length)],
        ['written', `index ${entry.ModifyIndex}, created at ${entry.CreateIndex}`],
        ['lock', <LockHolder key="lock" entry={entry} />],
      ]}
    />
  );
}

function Editor({ stored, onClose }: { stored: KvShape; onClose: () => void }) {
  const { curl } = useLines();
  const draft = useDraft(stored);
  const { action, save } = useSave(draft);
  const isDeleting = useSignal(false);
  const { keyDrafts } = useApp();
  const onDeleted = () => {
    keyDrafts.forget(stored.Key);
    onClose();
  };
  const isConflict = draft.isDirty.value && stored.ModifyIndex > draft.base.value.ModifyIndex;
  const decoded = decodeBase64(draft.base.value.Value ?? '');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void save(draft.base.peek().ModifyIndex);
      }}
    >
      <EntryFacts entry={stored} />
      {decoded.kind === 'binary' ? <BinaryView decoded={decoded} /> : <ValueEditor draft={draft} />}
      {decoded.kind === 'text' && (
        <TextField
          label="Flags"
          type="number"
          value={draft.flags}
          hint="A number that programs may give a meaning."
        />
      )}
      {draft.isDirty.value && <p class="hint">Not saved. It stays here until you save or undo it.</p>}
      <ActionError action={action} />
      {isConflict && (
        <Conflict
          mine={draft.text.value}
          theirs={stored}
          onTakeTheirs={() => draft.reset(stored)}
          onKeepMine={() => void save(stored.ModifyIndex)}
        />
      )}
      <div class="button-row">
        <button
          type="submit"
          class="primary"
          disabled={!draft.isDirty.value || isConflict || action.isBusy.value}
        >
          Save
        </button>
        {draft.isDirty.value && !isConflict && (
          <button type="button" onClick={() => draft.reset(stored)}>
            Undo
          </button>
        )}
        <button type="button" class="danger end" onClick={() => (isDeleting.value = true)}>
          Delete
        </button>
      </div>
      <Commands
        lines={[
          ['read it', curl(`${kvPath(stored.Key)}?raw`)],
          [
            'write it, unless it changed',
            curl(`${kvPath(stored.Key)}?cas=${stored.ModifyIndex}`, '-X PUT -d VALUE'),
          ],
        ]}
      />
      <KeyHistory name={stored.Key} onTake={(text) => (draft.text.value = text)} />
      {isDeleting.value && (
        <DeleteKeyDialog entry={stored} onClose={() => (isDeleting.value = false)} onDone={onDeleted} />
      )}
    </form>
  );
}

export function KeyEditor({ name, onClose }: { name: string; onClose: () => void }) {
  const { data, error } = useLive<readonly KvShape[] | null>(kvPath(name));
  const entry = data.value?.[0];
  return (
    <Inspector title={<span class="mono">{name}</span>} label={`Key ${name}`} onClose={onClose}>
      {data.value === undefined && error.value && <Refusal error={error.value} what="this key" />}
      {data.value === undefined && !error.value && <Loading what={name} />}
      {data.value !== undefined && !entry && <LostKey name={name} />}
      {entry && <Editor stored={entry} onClose={onClose} />}
    </Inspector>
  );
}
