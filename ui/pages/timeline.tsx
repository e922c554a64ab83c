/** What changed since the page was opened, newest first. */
import { useApp } from '../app/app.ts';
import type { Change } from '../app/changes.ts';
import { Ago, Card } from '../parts/basic.tsx';
import { Icon, type IconName } from '../parts/icon.tsx';

const LOOK: Readonly<Record<Change['kind'], IconName>> = {
  appeared: 'plus',
  gone: 'close',
  critical: 'critical',
  warning: 'warning',
  maintenance: 'maintenance',
  passing: 'passing',
};

function Entry({ change }: { change: Change }) {
  const { router } = useApp();
  return (
    <li class={`change is-${change.kind}`}>
      <span class={`mark is-${change.kind}`}>
        <Icon name={LOOK[change.kind]} size={12} />
      </span>
      <p>
        {change.service === '' ? (
          <a href={router.to(['nodes', change.who])}>{change.who}</a>
        ) : (
          <a href={router.to(['services', change.service])}>{change.who}</a>
        )}{' '}
        {change.text}
      </p>
      <Ago ms={change.timeMs} />
    </li>
  );
}

export function Timeline() {
  const { changes, clock } = useApp();
  const list = changes.list.value;
  return (
    <Card title="Recent changes" side="while this page is open">
      {list.length === 0 && (
        <p class="hint">
          Nothing has changed since {new Date(clock.openedMs).toLocaleTimeString()}. What is registered,
          removed, fails or recovers appears here at once.
        </p>
      )}
      <ol class="plain-list timeline">
        {list.slice(0, 20).map((change) => (
          <Entry key={change.id} change={change} />
        ))}
      </ol>
    </Card>
  );
}
