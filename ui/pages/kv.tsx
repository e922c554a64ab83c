/** Keys by folder (`?in=app/`), and one key in the editor beside them (`?key=app/limit`). */
import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { kvPath } from '../api/client.ts';
import { useLines } from '../api/take-along.ts';
import { useLive } from '../api/use-live.ts';
import { useApp } from '../app/app.ts';
import { Empty, Loading, PageHead, Refusal } from '../parts/basic.tsx';
import { Command } from '../parts/command.tsx';
import { type Column, DataTable } from '../parts/data-table.tsx';
import { DetailsLink } from '../parts/details-link.tsx';
import { FilterBar, NoMatch, useQueryValue } from '../parts/filter-bar.tsx';
import { Icon } from '../parts/icon.tsx';
import { Split } from '../parts/inspector.tsx';
import { byText } from '../parts/text.ts';
import { CreateKeyDialog, DeleteFolderDialog } from './kv-dialogs.tsx';
import { KeyEditor } from './kv-editor.tsx';

/** `a/b/c` lies in `a/b/`; `c` in ''. */
function folderOf(key: string): string {
  return key.slice(0, key.lastIndexOf('/', key.length - 2) + 1);
}

function EntryLink({ entry, folder }: { entry: string; folder: string }) {
  const { router } = useApp();
  const isFolder = entry.endsWith('/') && entry !== folder;
  const content = (
    <>
      <Icon name={isFolder ? 'folder' : 'file'} size={16} />
      <span class="name mono">{entry.slice(folder.length) || entry}</span>
    </>
  );
  if (!isFolder) return <DetailsLink to={{ in: folder, key: entry }}>{content}</DetailsLink>;
  return (
    <a class="row-link" href={router.to(['kv'], { in: entry })}>
      {content}
    </a>
  );
}

function compareEntries(a: string, b: string): number {
  return Number(b.endsWith('/')) - Number(a.endsWith('/')) || byText(a, b);
}

function columnsIn(folder: string): readonly Column<string>[] {
  return [{ key: 'key', title: 'Key', cell: (entry) => <EntryLink entry={entry} folder={folder} /> }];
}

/** Where one is, each step a link. */
function FolderPath({ folder }: { folder: string }) {
  const { router } = useApp();
  const parts = folder.split('/').slice(0, -1);
  return (
    <nav class="folder-path" aria-label="Folder">
      <a href={router.to(['kv'])}>all keys</a>
      {parts.map((part, at) => {
        const path = `${parts.slice(0, at + 1).join('/')}/`;
        return (
          <span key={path}>
            <span aria-hidden="true">/</span>
            <a class="mono" href={router.to(['kv'], { in: path })}>
              {part || '(empty)'}
            </a>
          </span>
        );
      })}
    </nav>
  );
}

function FirstKey() {
  const { curl } = useLines();
  const path = kvPath('app/limit');
  return (
    <section class="card first-service">
      <header>
        <h2>No keys yet</h2>
      </header>
      <p>Small settings that programs read and wait on live here. Create one above, or:</p>
      <Command label="write a key with curl" text={curl(path, '-X PUT -d 42')} />
      <Command label="read it with curl" text={curl(`${path}?raw`)} />
    </section>
  );
}

function KeyList({
  folder,
  entries,
  selected,
}: {
  folder: string;
  entries: readonly string[];
  selected: string;
}) {
  const [text] = useQueryValue('q');
  const wanted = text.trim().toLowerCase();
  const rows = useMemo(
    () =>
      entries
        .filter((entry) => entry.slice(folder.length).toLowerCase().includes(wanted))
        .sort(compareEntries),
    [entries, wanted, folder],
  );
  const columns = useMemo(() => columnsIn(folder), [folder]);
  return (
    <>
      <FilterBar placeholder="Search in this folder" shown={rows.length} total={entries.length} />
      {rows.length === 0 ? (
        <NoMatch noun="key" />
      ) : (
        <DataTable
          name="keys"
          label="Keys"
          columns={columns}
          rows={rows}
          keyOf={(entry) => entry}
          selected={selected}
        />
      )}
    </>
  );
}

function Folder({ folder, selected }: { folder: string; selected: string }) {
  const { data, error } = useLive<readonly string[] | null>(`${kvPath(folder)}?keys&separator=%2F`);
  const entries = data.value;
  if (entries === undefined)
    return error.value ? <Refusal error={error.value} what="the keys" /> : <Loading what="keys" />;
  if (entries !== null && entries.length > 0)
    return <KeyList folder={folder} entries={entries} selected={selected} />;
  return folder === '' ? (
    <FirstKey />
  ) : (
    <Empty title="This folder is empty.">
      <p>A folder is only the beginning of its keys’ names; it comes into being with the first key.</p>
    </Empty>
  );
}

export function KvPage() {
  const { router } = useApp();
  const [key] = useQueryValue('key');
  const [inside] = useQueryValue('in');
  const folder = inside || folderOf(key);
  const open = useSignal<'' | 'create' | 'delete'>('');
  const show = (next: string) => router.go(router.to(['kv'], { in: folderOf(next), key: next }));
  return (
    <>
      <PageHead title="Key/value" about={<FolderPath folder={folder} />}>
        {folder !== '' && (
          <button type="button" class="danger" onClick={() => (open.value = 'delete')}>
            Delete folder
          </button>
        )}
        <button type="button" class="primary" onClick={() => (open.value = 'create')}>
          <Icon name="plus" size={16} />
          Create
        </button>
      </PageHead>
      <Split
        list={<Folder key={folder} folder={folder} selected={key} />}
        inspector={
          key !== '' && (
            <KeyEditor key={key} name={key} onClose={() => router.closeDetails({ key: '', in: folder })} />
          )
        }
      />
      {open.value === 'create' && (
        <CreateKeyDialog folder={folder} onClose={() => (open.value = '')} onCreated={show} />
      )}
      {open.value === 'delete' && (
        <DeleteFolderDialog
          folder={folder}
          onClose={() => (open.value = '')}
          onDone={() => router.go(router.to(['kv'], { in: folderOf(folder) }))}
        />
      )}
    </>
  );
}
