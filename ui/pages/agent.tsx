/** This agent: who it is, what is true of its process, the configuration in force and where each value came from, its log. */
import { useSignal } from '@preact/signals';
import { gaugeOf } from '../api/metric-samples.ts';
import { METRICS, SELF } from '../api/paths.ts';
import type { AgentSelf, Metrics } from '../api/shapes.ts';
import { useLive } from '../api/use-live.ts';
import { LOOK_EVERY_MS } from '../app/dns-history.ts';
import { useLogTail } from '../app/log-tail.ts';
import { Card, Facts, Loading, PageHead, Refusal } from '../parts/basic.tsx';
import { Choice } from '../parts/field.tsx';
import { FilterBar, NoMatch, Segments, useQueryValue } from '../parts/filter-bar.tsx';
import { flatten, numberIn, textIn } from '../parts/json.ts';
import { LogView } from '../parts/log-view.tsx';
import { bytes, count, elapsed, latency } from '../parts/text.ts';

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;

function Identity({ self }: { self: AgentSelf }) {
  const { Config } = self;
  return (
    <Card title="identity">
      <Facts
        facts={[
          ['node', Config.NodeName],
          [
            'id',
            <span key="id" class="mono">
              {Config.NodeID}
            </span>,
          ],
          ['datacenter', Config.Datacenter],
          ['rollcall', self.Stats?.['build']?.['rollcall'] ?? ''],
          ['API of Consul', Config.Version],
          ['log level', textIn(self.DebugConfig ?? {}, 'log_level') ?? ''],
          ['role', Config.Server ? 'server' : 'client'],
        ]}
      />
    </Card>
  );
}

type Fact = readonly [name: string, value: string];

/** With nobody beside it there is nobody to be heard, and no leadership to be counted. */
function serverFacts({ consul = {}, raft = {} }: NonNullable<AgentSelf['Stats']>): readonly Fact[] {
  const others = Number(raft['num_peers'] ?? 0);
  const ofSeveral: readonly Fact[] = [
    ['last heard from the leader', `${raft['last_contact'] ?? '?'} ago`],
    ['leadership', `number ${raft['term'] ?? '?'}`],
  ];
  return [
    ['leads', consul['leader'] === 'true' ? 'yes' : 'no'],
    ['other servers', count(others)],
    ...(others > 0 ? ofSeveral : []),
    ['newest write', raft['applied_index'] ?? ''],
  ];
}

/** What it keeps registered, and what it is to others. */
function Duties({ self }: { self: AgentSelf }) {
  const stats = self.Stats ?? {};
  const { agent = {}, consul = {} } = stats;
  const ofClient: Fact = ['servers that it knows', consul['known_servers'] ?? ''];
  return (
    <Card title="what it does">
      <Facts
        facts={[
          ['services of its own', agent['services'] ?? ''],
          ['checks of its own', agent['checks'] ?? ''],
          ['of which programs report', agent['check_ttls'] ?? ''],
          ...(self.Config.Server ? serverFacts(stats) : [ofClient]),
          ['access control', consul['acl'] ?? ''],
        ]}
      />
    </Card>
  );
}

/** The process, as it counts itself; empty as long as nothing is known. */
function Process({ self }: { self: AgentSelf }) {
  const metrics = useLive<Metrics>(METRICS, LOOK_EVERY_MS).data.value;
  const gauge = (name: string, labels: Readonly<Record<string, string>> = {}): number | undefined =>
    metrics && gaugeOf(metrics, name, labels);
  const said = (value: number | undefined, text: (value: number) => string): string =>
    value === undefined ? '' : text(value);
  const late = (quantile: string) =>
    said(gauge('event.loop_delay_seconds', { quantile }), (value) => latency(value * 1_000));
  const threads = numberIn(self.DebugConfig ?? {}, 'dns_config.threads');
  const { runtime = {} } = self.Stats ?? {};
  return (
    <Card title="process" side={metrics && 'every two seconds'}>
      <Facts
        facts={[
          ['runs for', said(gauge('process.uptime_seconds'), (value) => elapsed(value * 1_000))],
          ['memory', said(gauge('process.memory_bytes', { part: 'rss' }), bytes)],
          ['of which objects', said(gauge('process.memory_bytes', { part: 'heapUsed' }), bytes)],
          [
            'processor',
            said(gauge('process.cpu_seconds'), (value) => `${count(Math.round(value))} s since it started`),
          ],
          [
            'busy',
            said(gauge('event.loop_utilization'), (value) => `${(value * 100).toFixed(1)} % of the time`),
          ],
          ['event loop late', late('0.99') && `99 % within ${late('0.99')}, worst ${late('1')}`],
          [
            'threads of DNS',
            said(threads, (value) => (value === 0 ? 'none; the main thread answers' : count(value))),
          ],
          ['HTTP connections', said(gauge('http.connections'), count)],
          ['of which wait', said(gauge('http.blocking'), count)],
          ['on', [runtime['version'], runtime['os'], runtime['arch']].filter(Boolean).join(' ')],
          ['processors', runtime['cpu_count'] ?? ''],
        ]}
      />
    </Card>
  );
}

/** When the certificates that it shows end. */
function Certificates({ self }: { self: AgentSelf }) {
  const ends = Object.entries(self.Stats?.['tls'] ?? {});
  if (ends.length === 0) return null;
  return (
    <Card title="certificates">
      <Facts
        facts={ends.map(([name, time]) => [
          name.replace(/_certificate_ends$/, ''),
          `until ${new Date(time).toLocaleString()}`,
        ])}
      />
    </Card>
  );
}

interface Setting {
  readonly key: string;
  readonly value: string;
  readonly source: string;
}

/** Options are lower case; what Consul's own programs look for besides (`NodeName`) follows from them. */
const isDerived = (key: string): boolean => /^[A-Z]/.test(key);

function sourceWithout(key: string): string {
  return isDerived(key) ? 'follows from others' : 'default';
}

function settingsOf(self: AgentSelf): readonly Setting[] {
  const sources = self.ConfigSources ?? {};
  return flatten(self.DebugConfig ?? {})
    .map(([key, value]) => ({ key, value, source: sources[key] ?? sourceWithout(key) }))
    .sort((a, b) => Number(isDerived(a.key)) - Number(isDerived(b.key)));
}

function Configuration({ self }: { self: AgentSelf }) {
  const [text] = useQueryValue('q');
  const [origin, setOrigin] = useQueryValue('set');
  const all = settingsOf(self);
  const isSourced = self.ConfigSources !== undefined;
  const wanted = text.trim().toLowerCase();
  const rows = all.filter(
    (row) =>
      `${row.key} ${row.value} ${row.source}`.toLowerCase().includes(wanted) &&
      (origin === '' || sourceWithout(row.key) !== row.source),
  );
  return (
    <>
      <FilterBar placeholder="Search option, value, source" shown={rows.length} total={all.length}>
        {isSourced && (
          <Segments
            label="Which options"
            value={origin}
            options={[
              ['', 'All'],
              ['given', 'Given'],
            ]}
            onChange={setOrigin}
          />
        )}
      </FilterBar>
      {rows.length === 0 && <NoMatch noun="option" />}
      <table class="config">
        <thead class="unseen">
          <tr>
            <th scope="col">Option</th>
            <th scope="col">Value</th>
            {isSourced && <th scope="col">From</th>}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.key}>
              <th scope="row">{row.key}</th>
              <td class="mono">{row.value === '' ? <span class="hint">empty</span> : row.value}</td>
              {isSourced && <td class="hint">{row.source}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function Log() {
  const level = useSignal('info');
  const { lines, error } = useLogTail(level.value);
  return (
    <>
      <div class="filter-bar">
        <Choice
          label="Level"
          value={level.value}
          options={LEVELS.map((name) => [name, name] as const)}
          onChange={(next) => {
            lines.value = [];
            level.value = next;
          }}
        />
        <button type="button" onClick={() => (lines.value = [])}>
          Clear
        </button>
      </div>
      {error.value && lines.value.length === 0 ? (
        <Refusal error={error.value} what="its log" />
      ) : (
        <LogView lines={lines.value} label="Log of the agent" />
      )}
      {lines.value.length === 0 && !error.value && (
        <p class="hint">Listening. Lines appear as the agent writes them.</p>
      )}
    </>
  );
}

const TABS = [
  ['', 'About'],
  ['config', 'Configuration'],
  ['log', 'Log'],
] as const;

export function AgentPage() {
  const { data, error } = useLive<AgentSelf>(SELF);
  const [tab, setTab] = useQueryValue('tab');
  const self = data.value;
  return (
    <>
      <PageHead title="Agent" about={self && `${self.Config.NodeName} in ${self.Config.Datacenter}`}>
        <Segments label="View" value={tab} options={TABS} onChange={setTab} />
      </PageHead>
      {!self && error.value && <Refusal error={error.value} what="facts about itself" />}
      {!self && !error.value && <Loading what="the agent" />}
      {self && tab === '' && (
        <div class="cards">
          <Identity self={self} />
          <Process self={self} />
          <Duties self={self} />
          <Certificates self={self} />
        </div>
      )}
      {self && tab === 'config' && <Configuration self={self} />}
      {tab === 'log' && <Log />}
    </>
  );
}
