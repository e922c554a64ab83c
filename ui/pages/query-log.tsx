/** The questions that DNS clients ask, as the agent's log has them when it logs at debug level. */
import { useSignal } from '@preact/signals';
import { useLogTail } from '../app/log-tail.ts';
import { Card, Refusal } from '../parts/basic.tsx';
import { LogView } from '../parts/log-view.tsx';

const IS_DNS = /\bdns\b/i;

function Tail() {
  const { lines, error } = useLogTail('debug');
  const shown = lines.value.filter((line) => IS_DNS.test(line));
  if (error.value && lines.value.length === 0) return <Refusal error={error.value} what="its log" />;
  if (shown.length > 0) return <LogView lines={shown} label="DNS questions" />;
  return (
    <p class="hint">
      Listening. Lines appear here when a client asks and the agent logs questions at debug level.
    </p>
  );
}

export function QueryLog() {
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
      {isOn.value ? <Tail /> : <p class="hint">Follows the agent’s log for questions from DNS clients.</p>}
    </Card>
  );
}
