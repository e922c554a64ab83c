/** The map of health: every service on every node in one picture, or as a table. */
import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { HEALTH_MAP } from '../api/paths.ts';
import type { HealthMapLine, Status } from '../api/shapes.ts';
import { useLive } from '../api/use-live.ts';
import { useApp } from '../app/app.ts';
import { countPairs, type HeatMap, type HeatPair, heatMap, pairsOf, selectPairs } from '../app/heat-map.ts';
import { rankOf, STATUS_ORDER } from '../app/status-order.ts';
import { Empty, Loading, PageHead, Refusal } from '../parts/basic.tsx';
import { type Column, DataTable } from '../parts/data-table.tsx';
import { FilterBar, NoMatch, Segments, useQueryValue } from '../parts/filter-bar.tsx';
import { HeatCanvas } from '../parts/heat-canvas.tsx';
import type { Place } from '../parts/heat-drawing.ts';
import { StatusMark, StatusWord } from '../parts/status.tsx';
import { byText, count, plural } from '../parts/text.ts';
import { LatestChanges } from './timeline.tsx';

/** The page of a service with its worst instance on a node open. */
const whereOf = ({ service, node }: Pick<HeatPair, 'service' | 'node'>) =>
  [['services', service], { at: `${node}/` }] as const;

function PairName({ pair }: { pair: HeatPair }) {
  const { router } = useApp();
  return (
    <a class="row-link" href={router.to(...whereOf(pair))}>
      <StatusMark status={pair.status} />
      <span class="name">{pair.service}</span>
      <span class="unseen">{pair.status}</span>
    </a>
  );
}

const compareHealth = (a: HeatPair, b: HeatPair): number =>
  rankOf(a.status) - rankOf(b.status) || byText(a.service, b.service) || byText(a.node, b.node);

const COLUMNS: readonly Column<HeatPair>[] = [
  {
    key: 'name',
    title: 'Service',
    cell: (row) => <PairName pair={row} />,
    compare: (a, b) => byText(a.service, b.service),
  },
  { key: 'node', title: 'Node', cell: (row) => row.node, compare: (a, b) => byText(a.node, b.node) },
  { key: 'state', title: 'State', cell: (row) => row.status, compare: compareHealth },
];

function AsTable({ pairs }: { pairs: readonly HeatPair[] }) {
  const rows = useMemo(() => [...pairs].sort(compareHealth), [pairs]);
  return (
    <DataTable
      name="pairs"
      label="Services on nodes"
      columns={COLUMNS}
      rows={rows}
      keyOf={({ service, node }) => `${service}\n${node}`}
    />
  );
}

function Legend({ counts }: { counts: ReadonlyMap<Status, number> }) {
  return (
    <ul class="heat-legend">
      {STATUS_ORDER.map((status) => (
        <li key={status}>
          <span class={`swatch is-${status}`} aria-hidden="true" />
          <span class="figure-small">{count(counts.get(status) ?? 0)}</span> {status}
        </li>
      ))}
    </ul>
  );
}

/** What is under the cursor, in words. */
function Said({ map, place }: { map: HeatMap; place: Place | undefined }) {
  const row = place && map.rows[place.row];
  const node = place && map.nodes[place.column];
  if (!place || !row || node === undefined)
    return (
      <p class="heat-said" role="status">
        Point at a place, or walk with the arrows: <kbd>n</kbd> goes to the next one that is not passing,{' '}
        <kbd>Enter</kbd> opens it.
      </p>
    );
  const status = row.cells.get(place.column);
  return (
    <p class="heat-said" role="status">
      <strong>{row.service}</strong> on <strong>{node}</strong>:{' '}
      {status ? <StatusWord status={status} /> : 'not there'}
    </p>
  );
}

function Picture({ map, counts }: { map: HeatMap; counts: ReadonlyMap<Status, number> }) {
  const { router, settings } = useApp();
  const at = useSignal<Place | undefined>(undefined);
  const open = ({ row, column }: Place): void => {
    const [service, node] = [map.rows[row], map.nodes[column]];
    if (service?.cells.has(column) && node !== undefined)
      router.go(router.to(...whereOf({ service: service.service, node })));
  };
  const size = `${plural(map.rows.length, 'service')} on ${plural(map.nodes.length, 'node')}`;
  return (
    <section class="heat-map" aria-label="Map of health">
      <div class="heat-head">
        <Legend counts={counts} />
        <Said map={map} place={at.value} />
      </div>
      <HeatCanvas
        map={map}
        place={at.value}
        version={settings.theme.value}
        label={`${size}. Arrows move, n goes to the next that is not passing, Enter opens. The same is there as a table.`}
        onPlace={(place) => {
          at.value = place;
        }}
        onOpen={open}
      />
    </section>
  );
}

function Whole({ lines }: { lines: readonly HealthMapLine[] }) {
  const [text] = useQueryValue('q');
  const [form, setForm] = useQueryValue('as');
  const [order, setOrder] = useQueryValue('order');
  const all = useMemo(() => pairsOf(lines), [lines]);
  const pairs = useMemo(() => selectPairs(all, text), [all, text]);
  const map = useMemo(() => heatMap(pairs, order === 'name' ? 'name' : 'worst'), [pairs, order]);
  const counts = useMemo(() => countPairs(lines), [lines]);
  return (
    <>
      <FilterBar placeholder="Search service or node" shown={pairs.length} total={all.length}>
        {form === '' && (
          <Segments
            label="Order"
            value={order}
            options={[
              ['', 'Worst first'],
              ['name', 'By name'],
            ]}
            onChange={setOrder}
          />
        )}
        <Segments
          label="Form"
          value={form}
          options={[
            ['', 'Map'],
            ['table', 'Table'],
          ]}
          onChange={setForm}
        />
      </FilterBar>
      {pairs.length === 0 && <NoMatch noun="service on any node" />}
      {pairs.length > 0 && form === '' && <Picture map={map} counts={counts} />}
      {pairs.length > 0 && form !== '' && <AsTable pairs={pairs} />}
    </>
  );
}

export function MapPage() {
  const { data, error } = useLive<readonly HealthMapLine[]>(HEALTH_MAP);
  const lines = data.value;
  return (
    <>
      <PageHead title="Map" about="Every service on every node, by its worst instance there." />
      {!lines && error.value && <Refusal error={error.value} what="the map of health" />}
      {!lines && !error.value && <Loading what="the map" />}
      {lines?.length === 0 && <Empty title="Nothing is registered yet." />}
      {lines && lines.length > 0 && <Whole lines={lines} />}
      <LatestChanges kind="service,check,maintenance,member,node" />
    </>
  );
}
