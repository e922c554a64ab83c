/**
 * Everything that the agent remembers, newest first: filtered by kind, service, node, key and time, going back page by page.
 *
 * What was shown stays shown while new entries come, so that nothing is skipped between pages; at most MAX_SHOWN of them.
 */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { HistoryEntry } from '../api/shapes.ts';
import { useAction, useLive } from '../api/use-live.ts';
import { useApp } from '../app/app.ts';
import { Empty, Loading, PageHead, Refusal } from '../parts/basic.tsx';
import { ActionError } from '../parts/dialog.tsx';
import { Choice, TextField } from '../parts/field.tsx';
import { useQueryValue } from '../parts/filter-bar.tsx';
import { count, plural } from '../parts/text.ts';
import { TimelineEntry } from './timeline.tsx';

const PAGE_SIZE = '50';
const MAX_SHOWN = 2_000;

const KINDS = [
  ['', 'everything'],
  ['service', 'services'],
  ['check,maintenance', 'checks and maintenance'],
  ['node,member', 'nodes and members'],
  ['kv', 'keys'],
  ['query', 'prepared queries'],
  ['acl', 'access control'],
  ['leader', 'leaders'],
  ['setting,catalog', 'settings and the catalog'],
] as const;

const TIMES = [
  ['', 'all of it'],
  ['1h', 'the last hour'],
  ['24h', 'the last day'],
  ['168h', 'the last week'],
] as const;

/** Newest first: `42.10` is after `42.9`. */
function byAge(a: HistoryEntry, b: HistoryEntry): number {
  const [aIndex = 0, aPlace = 0] = a.ID.split('.').map(Number);
  const [bIndex = 0, bPlace = 0] = b.ID.split('.').map(Number);
  return bIndex - aIndex || bPlace - aPlace;
}

/** Entries of the newest page, which goes on by itself, and of older ones that were asked for. */
function useEntries(path: string) {
  const { api } = useApp();
  const { data, error } = useLive<readonly HistoryEntry[]>(path);
  const seen = useSignal<ReadonlyMap<string, HistoryEntry>>(new Map());
  /** Where older ones go on; undefined until somebody asked for them, '' when there are none. */
  const next = useSignal<string | undefined>(undefined);
  const add = (entries: readonly HistoryEntry[]) => {
    seen.value = new Map([...seen.peek(), ...entries.map((entry) => [entry.ID, entry] as const)]);
  };
  const newest = data.value;
  useEffect(() => {
    if (newest) add(newest);
  }, [newest]);
  const loadOlder = async () => {
    next.value ??= (await api.get(path)).next;
    if (next.value === '') return;
    const older = await api.get<readonly HistoryEntry[]>(`${path}&before=${next.value}`);
    add(older.value);
    next.value = older.next;
  };
  const entries = [...seen.value.values()].sort(byAge);
  const hasMore = next.value !== '' && entries.length < MAX_SHOWN;
  return { entries, hasMore, loadOlder, isRead: newest !== undefined, error: error.value };
}

function Entries({ path }: { path: string }) {
  const { entries, hasMore, loadOlder, isRead, error } = useEntries(path);
  const action = useAction();
  if (!isRead && error) return <Refusal error={error} what="the history" />;
  if (!isRead) return <Loading what="the history" />;
  return (
    <>
      <p class="tally" role="status">
        {plural(entries.length, 'entry', 'entries')}
        {entries.length >= MAX_SHOWN && `, the newest ${count(MAX_SHOWN)} are shown`}
      </p>
      {entries.length === 0 && <Empty title="The history has no such entry." />}
      <ol class="plain-list timeline">
        {entries.map((entry) => (
          <TimelineEntry key={entry.ID} entry={entry} />
        ))}
      </ol>
      <ActionError action={action} />
      {hasMore && (
        <button type="button" disabled={action.isBusy.value} onClick={() => void action.run(loadOlder, '')}>
          Older
        </button>
      )}
    </>
  );
}

/** A filter that is taken when the field is left or Enter is pressed, so that not every letter asks. */
function TextFilter({ name, label }: { name: string; label: string }) {
  const [stored, setStored] = useQueryValue(name);
  const value = useSignal(stored);
  useEffect(() => {
    value.value = stored;
  }, [stored, value]);
  return (
    <form
      onFocusOut={() => setStored(value.peek().trim())}
      onSubmit={(event) => {
        event.preventDefault();
        setStored(value.peek().trim());
      }}
    >
      <TextField label={label} value={value} isMono placeholder="any" />
    </form>
  );
}

function Filters() {
  const [kind, setKind] = useQueryValue('kind');
  const [since, setSince] = useQueryValue('since');
  return (
    <search class="question history-filters">
      <Choice label="About" value={kind} options={KINDS} onChange={setKind} />
      <Choice label="From" value={since} options={TIMES} onChange={setSince} />
      <TextFilter name="service" label="Service" />
      <TextFilter name="node" label="Node" />
      <TextFilter name="key" label="Key, or folder/" />
    </search>
  );
}

export function HistoryPage() {
  const { router } = useApp();
  const asked = router.place.value.query;
  const query = new URLSearchParams({ limit: PAGE_SIZE });
  for (const name of ['kind', 'since', 'service', 'node', 'key']) {
    const value = asked.get(name) ?? '';
    if (value !== '') query.set(name, value);
  }
  const path = `/v1/history?${query}`;
  return (
    <>
      <PageHead title="History" about="What changed, newest first: when, what, who, and why." />
      <Filters />
      <Entries key={path} path={path} />
    </>
  );
}
