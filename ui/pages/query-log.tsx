/** The questions that DNS clients ask, as they come, where the agent logs them. */
import { useSignal } from '@preact/signals';
import { SELF } from '../api/paths.ts';
import { type QueryLine, readQueryLine } from '../api/query-line.ts';
import type { AgentSelf } from '../api/shapes.ts';
import { useLive } from '../api/use-live.ts';
import { useApp } from '../app/app.ts';
import { useLogTail } from '../app/log-tail.ts';
import { Card, Refusal } from '../parts/basic.tsx';
import { numberIn } from '../parts/json.ts';
import { latency } from '../parts/text.ts';

const SHARE = 'dns_config.query_log_share';
const SHOWN_LINES = 100;

function Line({ line }: { line: QueryLine }) {
  const { router } = useApp();
  const name = line.name.replace(/\.$/, '');
  return (
    <tr>
      <td class="hint">{new Date(line.time).toLocaleTimeString()}</td>
      <td>
        <a class="mono" href={router.to(['dns'], { name, type: line.type })}>
          {name || '.'}
        </a>
      </td>
      <td>{line.type}</td>
      <td class={line.rcode === 'NOERROR' ? 'is-passing tone' : 'is-warning tone'}>{line.rcode}</td>
      <td class="number">{line.answers}</td>
      <td class="number hint">{latency(line.elapsedMs)}</td>
      <td class="hint">
        {line.client} {line.transport}
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

function Tail() {
  const { lines, error } = useLogTail('info');
  const queries = lines.value.flatMap((line) => readQueryLine(line) ?? []);
  if (error.value && lines.value.length === 0) return <Refusal error={error.value} what="its log" />;
  if (queries.length === 0) return <p class="hint">Listening. Nobody has asked yet.</p>;
  return (
    <div class="scroll-x" tabIndex={0} role="group" aria-label="Questions">
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
          {queries
            .slice(-SHOWN_LINES)
            .toReversed()
            .map((line, at) => (
              <Line key={`${line.time}${at}`} line={line} />
            ))}
        </tbody>
      </table>
    </div>
  );
}

export function QueryLog() {
  const share = numberIn(useLive<AgentSelf>(SELF).data.value?.DebugConfig ?? {}, SHARE) ?? 0;
  const isOn = useSignal(false);
  if (share === 0)
    return (
      <Card title="Live questions" side="off">
        <p class="hint">
          Set <code>{SHARE}</code> to a share from 0 to 1 in the agent’s configuration and reload it: that
          share of all questions is logged and can be watched here.
        </p>
      </Card>
    );
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
        <Tail />
      ) : (
        <p class="hint">The agent logs {Number((share * 100).toPrecision(3))} % of them.</p>
      )}
    </Card>
  );
}
