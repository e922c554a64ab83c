/** What happened to one key: when, who, and where the agent keeps values what became of which lines. */
import type { HistoryEntry } from '../api/shapes.ts';
import { useLive } from '../api/use-live.ts';
import { tell } from '../app/history.ts';
import { Ago, Refusal } from '../parts/basic.tsx';
import { diffLines } from '../parts/line-diff.ts';
import { bytes, decodeBase64, plural } from '../parts/text.ts';

const SHOWN = 15;

interface KeptValue {
  readonly Value?: string;
  readonly Size?: number;
}

const SIGNS = { same: ' ', gone: '−', new: '+', skipped: ' ' } as const;

/** The text of a kept value: '' where there was no key, undefined where it is too long or not text. */
function textOf(kept: unknown): string | undefined {
  if (kept === undefined) return '';
  const { Value } = (kept ?? {}) as KeptValue;
  if (Value === undefined) return undefined;
  const decoded = decodeBase64(Value);
  return decoded.kind === 'text' ? decoded.text : undefined;
}

const hasValue = (kept: unknown): boolean =>
  typeof kept === 'object' && kept !== null && ('Value' in kept || 'Size' in kept);

function Diff({ before, after }: { before: string; after: string }) {
  return (
    <pre class="output diff" tabIndex={0} role="group" aria-label="What became of which lines">
      {diffLines(before, after).map(({ kind, text }, at) => (
        <span key={`${at}${kind}`} class={`is-${kind}-line`}>
          {SIGNS[kind]} {kind === 'skipped' ? `… ${plural(Number(text), 'line')} as before` : text}
          {'\n'}
        </span>
      ))}
    </pre>
  );
}

function Change({ entry, onTake }: { entry: HistoryEntry; onTake: (text: string) => void }) {
  const before = textOf(entry.Before);
  const after = textOf(entry.After);
  if (before === undefined || after === undefined) {
    const { Size } = (entry.After ?? {}) as KeptValue;
    return <p class="hint">{Size === undefined ? 'Not text.' : `${bytes(Size)}: too long to be kept.`}</p>;
  }
  return (
    <details>
      <summary>what changed</summary>
      <Diff before={before} after={after} />
      {entry.Before !== undefined && (
        <button type="button" onClick={() => onTake(before)}>
          Edit with the value before this
        </button>
      )}
    </details>
  );
}

function Entry({ entry, onTake }: { entry: HistoryEntry; onTake: (text: string) => void }) {
  const { text, origin } = tell(entry);
  return (
    <li class="key-change">
      <p>
        <Ago ms={Date.parse(entry.Time)} /> it {text}
        {origin !== '' && <span class="hint"> {origin}</span>}
      </p>
      {(hasValue(entry.Before) || hasValue(entry.After)) && <Change entry={entry} onTake={onTake} />}
    </li>
  );
}

/** `onTake` is given an earlier value to go on with. */
export function KeyHistory({ name, onTake }: { name: string; onTake: (text: string) => void }) {
  const query = new URLSearchParams({ key: name, limit: String(SHOWN) });
  const { data, error } = useLive<readonly HistoryEntry[]>(`/v1/history?${query}`);
  const entries = data.value;
  if (!entries) return error.value ? <Refusal error={error.value} what="its history" /> : null;
  const isKept = entries.some(({ Before, After }) => hasValue(Before) || hasValue(After));
  return (
    <section aria-label="History of this key">
      <h3 class="part-title">What happened to it</h3>
      {entries.length === 0 && <p class="hint">Nothing that the agent remembers.</p>}
      <ol class="plain-list">
        {entries.map((entry) => (
          <Entry key={entry.ID} entry={entry} onTake={onTake} />
        ))}
      </ol>
      {entries.length > 0 && !isKept && (
        <p class="hint">
          Values are not kept for this key; the option <code>kv_history</code> names those for which they are.
        </p>
      )}
    </section>
  );
}
