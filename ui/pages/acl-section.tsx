/**
 * One kind of thing of access control: its list with search, the details of one, creating, editing and deleting.
 *
 * A kind says what is its own (columns, details, form); everything else is here. A change is made only over what its form
 * began with.
 */
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import type { ApiClient } from '../api/client.ts';
import { useLive } from '../api/use-live.ts';
import { useApp } from '../app/app.ts';
import { Empty, Loading, Refusal } from '../parts/basic.tsx';
import { type Column, DataTable } from '../parts/data-table.tsx';
import { DetailsLink } from '../parts/details-link.tsx';
import { Confirm } from '../parts/dialog.tsx';
import { FilterBar, NoMatch, useQueryValue } from '../parts/filter-bar.tsx';
import { Icon } from '../parts/icon.tsx';
import { Inspector, Split } from '../parts/inspector.tsx';

interface Stored {
  readonly ModifyIndex: number;
}

export interface AclKind<Row extends Stored> {
  /** Of the list. */
  readonly path: string;
  /** Of one of them. */
  readonly pathOf: (row: Row) => string;
  /** Class of the table, and of the page's address. */
  readonly name: string;
  readonly noun: string;
  readonly nouns: string;
  readonly about: string;
  readonly keyOf: (row: Row) => string;
  readonly titleOf: (row: Row) => string;
  /** What search looks in. */
  readonly textOf: (row: Row) => string;
  /** Behind the first one, which is the name. */
  readonly columns: readonly Column<Row>[];
  readonly compare: (a: Row, b: Row) => number;
  readonly Details: (props: { readonly row: Row }) => ComponentChildren;
  /** `row` is the one to change; undefined makes a new one. */
  readonly Form: (props: FormProps<Row>) => ComponentChildren;
  /** What deleting one means; undefined where it cannot be deleted. */
  readonly farewell: (row: Row) => string | undefined;
  /** Further buttons. */
  readonly Actions?: (props: { readonly row: Row }) => ComponentChildren;
}

export interface FormProps<Row> {
  readonly row: Row | undefined;
  readonly onClose: () => void;
}

/** Write with `send` as long as what is stored is still what a form began with. */
export async function overUnchanged<Row extends Stored>(
  api: ApiClient,
  path: string,
  began: Row | undefined,
  send: () => Promise<unknown>,
): Promise<unknown> {
  if (began !== undefined) {
    const { value } = await api.get<Row>(path);
    if (value.ModifyIndex !== began.ModifyIndex)
      throw new Error('Somebody else changed this meanwhile. Close this form and look again.');
  }
  return send();
}

function InspectorBody<Row extends Stored>({ kind, row }: { kind: AclKind<Row>; row: Row }) {
  const { api, live, router } = useApp();
  const open = useSignal<'' | 'edit' | 'delete'>('');
  const close = () => (open.value = '');
  const farewell = kind.farewell(row);
  return (
    <>
      <kind.Details row={row} />
      <div class="button-row">
        <button type="button" onClick={() => (open.value = 'edit')}>
          Edit
        </button>
        {kind.Actions && <kind.Actions row={row} />}
        {farewell !== undefined && (
          <button type="button" class="danger end" onClick={() => (open.value = 'delete')}>
            Delete
          </button>
        )}
      </div>
      {open.value === 'edit' && <kind.Form row={row} onClose={close} />}
      {open.value === 'delete' && (
        <Confirm
          title={`Delete the ${kind.noun} ${kind.titleOf(row)}?`}
          verb="Delete"
          isDanger
          done={`Deleted ${kind.titleOf(row)}.`}
          work={() => api.send('DELETE', kind.pathOf(row))}
          onClose={close}
          onDone={() => {
            live.refresh();
            router.closeDetails({ at: '' });
          }}
        >
          <p>{farewell}</p>
        </Confirm>
      )}
    </>
  );
}

function nameColumn<Row extends Stored>(kind: AclKind<Row>): Column<Row> {
  return {
    key: 'name',
    title: `${kind.noun.charAt(0).toUpperCase()}${kind.noun.slice(1)}`,
    cell: (row) => (
      <DetailsLink to={{ at: kind.keyOf(row) }}>
        <span class="name">{kind.titleOf(row)}</span>
      </DetailsLink>
    ),
    compare: kind.compare,
  };
}

function List<Row extends Stored>({ kind, all }: { kind: AclKind<Row>; all: readonly Row[] }) {
  const [text] = useQueryValue('q');
  const [at] = useQueryValue('at');
  const wanted = text.trim().toLowerCase();
  const rows = useMemo(
    () => all.filter((row) => kind.textOf(row).toLowerCase().includes(wanted)).sort(kind.compare),
    [all, wanted, kind],
  );
  const columns = useMemo(() => [nameColumn(kind), ...kind.columns], [kind]);
  return (
    <>
      <FilterBar placeholder={`Search ${kind.nouns}`} shown={rows.length} total={all.length} />
      {rows.length === 0 ? (
        <NoMatch noun={kind.noun} />
      ) : (
        <DataTable
          name={kind.name}
          label={kind.nouns}
          columns={columns}
          rows={rows}
          keyOf={kind.keyOf}
          selected={at}
        />
      )}
    </>
  );
}

export function AclSection<Row extends Stored>({ kind }: { kind: AclKind<Row> }) {
  const { router } = useApp();
  const { data, error } = useLive<readonly Row[]>(kind.path);
  const [at] = useQueryValue('at');
  const isCreating = useSignal(false);
  const all = data.value;
  const selected = all?.find((row) => kind.keyOf(row) === at);
  const close = () => router.closeDetails({ at: '' });
  return (
    <>
      <div class="section-head">
        <p class="hint">{kind.about}</p>
        <button type="button" class="primary" onClick={() => (isCreating.value = true)}>
          <Icon name="plus" size={16} />
          Create
        </button>
      </div>
      {!all && error.value && <Refusal error={error.value} what={kind.nouns} />}
      {!all && !error.value && <Loading what={kind.nouns} />}
      {all?.length === 0 && <Empty title={`No ${kind.nouns} yet.`} />}
      {all && all.length > 0 && (
        <Split
          list={<List kind={kind} all={all} />}
          inspector={
            selected && (
              <Inspector
                key={at}
                title={kind.titleOf(selected)}
                label={`${kind.noun} ${kind.titleOf(selected)}`}
                onClose={close}
              >
                <InspectorBody kind={kind} row={selected} />
              </Inspector>
            )
          }
        />
      )}
      {isCreating.value && <kind.Form row={undefined} onClose={() => (isCreating.value = false)} />}
    </>
  );
}
