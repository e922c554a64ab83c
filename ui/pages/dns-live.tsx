/** The questions that DNS clients ask this agent, as they come: a sample for this page only; nothing goes to the log. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ApiError } from '../api/client.ts';
import type { LiveQuestion } from '../api/shapes.ts';
import { useApp } from '../app/app.ts';
import {
  type Asked,
  type AskedName,
  addBatch,
  NOTHING_ASKED,
  readBatch,
  topNames,
} from '../app/asked-names.ts';
import { KEPT_MOMENTS } from '../app/dns-history.ts';
import { followLines } from '../app/line-stream.ts';
import { useDnsMoments } from '../app/use-dns-moments.ts';
import { Ago, Card, Refusal } from '../parts/basic.tsx';
import { RcodeChart } from '../parts/rcode-chart.tsx';
import { count, latency } from '../parts/text.ts';

const LIVE = '/v1/dns/live';
const TOP = 10;

const withoutDot = (name: string): string => name.replace(/\.$/, '') || '.';

function Name({ name, type }: { name: string; type: string }) {
  const { router } = useApp();
  return (
    <a class="mono" href={router.to(['dns'], { name: withoutDot(name), type })}>
      {withoutDot(name)}
    </a>
  );
}

interface NamesProps {
  readonly title: string;
  readonly none: string;
  readonly names: readonly AskedName[];
  readonly withClient?: boolean;
}

function Names({ title, none, names, withClient = false }: NamesProps) {
  return (
    <section aria-label={title}>
      <h3>{title}</h3>
      {names.length === 0 && <p class="hint">{none}</p>}
      <ol class="plain-list">
        {names.map((asked) => (
          <li key={`${asked.name}${asked.type}`} class="asked-name">
            <span>
              <Name name={asked.name} type={asked.type} /> <span class="hint">{asked.type}</span>
              {withClient && <span class="hint"> asked by {asked.client}</span>}
            </span>
            {withClient ? (
              <Ago ms={asked.lastMs} />
            ) : (
              <span class="number">{count(Math.round(asked.count))}</span>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}

function Line({ line }: { line: LiveQuestion }) {
  return (
    <tr>
      <td class="hint">{new Date(line.Time).toLocaleTimeString()}</td>
      <td>
        <Name name={line.Name} type={line.Type} />
      </td>
      <td>{line.Type}</td>
      <td class={line.Rcode === 'NOERROR' ? 'is-passing tone' : 'is-warning tone'}>{line.Rcode}</td>
      <td class="number">{line.Answers}</td>
      <td class="number hint">{latency(line.ElapsedMs)}</td>
      <td class="hint">
        {line.Client} {line.Transport}
      </td>
    </tr>
  );
}

const COLUMNS = [
  ['Time', ''],
  ['Name', ''],
  ['Type', ''],
  ['Response', ''],
  ['Answers', 'number'],
  ['Took', 'number'],
  ['Client', ''],
] as const;

function Latest({ latest }: { latest: readonly LiveQuestion[] }) {
  return (
    <div class="scroll-x" tabIndex={0} role="group" aria-label="Latest questions">
      <table class="lines">
        <thead>
          <tr>
            {COLUMNS.map(([title, extra]) => (
              <th key={title} scope="col" class={extra}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {latest.map((line, at) => (
            <Line key={`${line.Time}${at}`} line={line} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Batches are taken as they come and drawn at most twice a second. */
function useAsked() {
  const app = useApp();
  const asked = useSignal<Asked>(NOTHING_ASKED);
  const error = useSignal<ApiError | undefined>(undefined);
  useEffect(() => {
    const abort = new AbortController();
    let next: Asked = NOTHING_ASKED;
    const onLines = (lines: readonly string[]): void => {
      for (const line of lines) {
        const batch = readBatch(line);
        if (batch) next = addBatch(next, batch);
      }
    };
    const draw = async (): Promise<void> => {
      while (!abort.signal.aborted) {
        await app.clock.pause(500, abort.signal);
        if (asked.peek() !== next) asked.value = next;
      }
    };
    void followLines(app, { path: LIVE, abort: abort.signal, error, onLines });
    void draw();
    return () => abort.abort();
  }, [app, asked, error]);
  return { asked, error };
}

function Listening() {
  const { asked, error } = useAsked();
  const moments = useDnsMoments();
  const { latest, seen, sampled } = asked.value;
  if (error.value && seen === 0) return <Refusal error={error.value} what="the questions of its clients" />;
  return (
    <>
      <RcodeChart moments={moments} length={KEPT_MOMENTS} />
      {seen === 0 ? (
        <p class="hint" role="status">
          Listening. Nobody has asked yet.
        </p>
      ) : (
        <>
          <p class="hint">
            {count(seen)} questions since you began to listen;{' '}
            {seen === sampled ? 'all of them' : `${count(sampled)} of them, drawn by chance,`} are shown and
            add up to the lists below.
          </p>
          <div class="asked-names">
            <Names title="Asked most" none="None yet." names={topNames(asked.value, TOP)} />
            <Names
              title="Not there (NXDOMAIN)"
              none="None: every name that was asked is there."
              names={topNames(asked.value, TOP, ({ rcode }) => rcode === 'NXDOMAIN')}
              withClient
            />
          </div>
          <Latest latest={latest} />
        </>
      )}
    </>
  );
}

export function DnsLive() {
  const isOn = useSignal(false);
  return (
    <Card
      title="Live questions"
      side={
        <button type="button" aria-pressed={isOn.value} onClick={() => (isOn.value = !isOn.value)}>
          {isOn.value ? 'Stop' : 'Listen'}
        </button>
      }
    >
      {isOn.value ? (
        <Listening />
      ) : (
        <p class="hint">
          See what clients ask this agent, as they ask it: names, answers, and what is not there. Only for
          this page, and only while you listen; the log stays quiet.
        </p>
      )}
    </Card>
  );
}
