/** What changed, newest first, from the history that the agent keeps: of everything, of a service, or of a node. */

import { useSignal } from '@preact/signals';
import { type HistoryAbout, historyPath } from '../api/paths.ts';
import type { HistoryEntry } from '../api/shapes.ts';
import { useLive } from '../api/use-live.ts';
import { useApp } from '../app/app.ts';
import { type Look, type Told, tell } from '../app/history.ts';
import { Ago, Card, Refusal } from '../parts/basic.tsx';
import { Icon } from '../parts/icon.tsx';
import type { IconName } from '../parts/icon-paths.ts';

const ICONS: Readonly<Record<Look, IconName>> = {
  appeared: 'plus',
  gone: 'close',
  changed: 'changed',
  critical: 'critical',
  warning: 'warning',
  maintenance: 'maintenance',
  passing: 'passing',
};

function linkOf(
  { page, who }: Told,
  entry: HistoryEntry,
): readonly [readonly string[], Record<string, string>] {
  return [page, entry.Kind === 'kv' ? { key: who, in: who.slice(0, who.lastIndexOf('/') + 1) } : {}];
}

export function TimelineEntry({ entry }: { entry: HistoryEntry }) {
  const { router } = useApp();
  const told = tell(entry);
  const [page, query] = linkOf(told, entry);
  // What stands on its own page leads nowhere.
  const isHere = page.join('/') === router.place.value.segments.join('/');
  return (
    <li class={`change is-${told.look}`}>
      <span class={`mark is-${told.look}`}>
        <Icon name={ICONS[told.look]} size={12} />
      </span>
      <p>
        {page.length === 0 || isHere ? (
          <span class="name">{told.who}</span>
        ) : (
          <a href={router.to(page, query)}>{told.who}</a>
        )}{' '}
        {told.text}
        {told.origin !== '' && <span class="hint"> {told.origin}</span>}
      </p>
      <Ago ms={Date.parse(entry.Time)} />
    </li>
  );
}

interface TimelineProps extends HistoryAbout {
  readonly title?: string;
}

export function Timeline({ title = 'Recent changes', ...about }: TimelineProps) {
  const { data, error } = useLive<readonly HistoryEntry[]>(historyPath(about));
  const entries = data.value;
  return (
    <Card title={title} side="kept by the agent">
      {!entries && error.value && <Refusal error={error.value} what="the history" />}
      {entries?.length === 0 && (
        <p class="hint">
          Nothing is remembered yet. What is registered, removed, fails or recovers appears here at once.
        </p>
      )}
      <ol class="plain-list timeline">
        {entries?.map((entry) => (
          <TimelineEntry key={entry.ID} entry={entry} />
        ))}
      </ol>
    </Card>
  );
}

/** Below a list: what changed of its kind, asked for when somebody opens it. */
export function LatestChanges({ kind }: { kind: string }) {
  const isOpen = useSignal(false);
  return (
    <details
      class="commands below-list"
      onToggle={(event) => {
        isOpen.value = event.currentTarget.open;
      }}
    >
      <summary>What changed here</summary>
      {isOpen.value && <Timeline title="What changed here" kind={kind} />}
    </details>
  );
}
