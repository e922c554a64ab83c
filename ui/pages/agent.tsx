/** This agent: who it is, the configuration in force and where each value came from, its log. */
import { useSignal } from '@preact/signals';
import { SELF } from '../api/paths.ts';
import type { AgentSelf } from '../api/shapes.ts';
import { useLive } from '../api/use-live.ts';
import { useLogTail } from '../app/log-tail.ts';
import { Card, Facts, Loading, PageHead, Refusal } from '../parts/basic.tsx';
import { Choice } from '../parts/field.tsx';
import { FilterBar, NoMatch, Segments, useQueryValue } from '../parts/filter-bar.tsx';
import { flatten, textIn } from '../parts/json.ts';
import { LogView } from '../parts/log-view.tsx';

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

/** One card a group: agent, consul, raft, runtime … */
function Statistics({ self }: { self: AgentSelf }) {
  return (
    <>
      {Object.entries(self.Stats ?? {})
        .filter(([group]) => group !== 'build')
        .map(([group, values]) => (
          <Card key={group} title={group}>
            <Facts
              facts={Object.entries(values).map(([name, value]) => [name.replaceAll('_', ' '), value])}
            />
          </Card>
        ))}
    </>
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
          <Statistics self={self} />
        </div>
      )}
      {self && tab === 'config' && <Configuration self={self} />}
      {tab === 'log' && <Log />}
    </>
  );
}
