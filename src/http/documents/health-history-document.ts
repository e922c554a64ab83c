/**
 * The past of instances as the API shows it: those that changed one by one, those that did not by their number.
 */

import type { Past } from '../../catalog/history/health-over-time.ts';
import type { CatalogPast } from '../../catalog/history/past-of-catalog.ts';
import type { Document } from './row-documents.ts';

/** Instances of one answer. Turning it up makes answers larger that nobody reads. */
const MAX_INSTANCES = 500;

const timeText = (ms: number): string => new Date(ms).toISOString();

/** Null for what was never registered in the stretch. */
function upShare({ registeredMs, upMs }: Past): number | null {
  return registeredMs === 0 ? null : Math.round((upMs / registeredMs) * 1e6) / 1e6;
}

function pastDocument(past: Past): Document {
  return {
    Node: past.node,
    ServiceName: past.service,
    ServiceID: past.id,
    UpShare: upShare(past),
    Falls: past.falls,
    IsFlapping: past.isFlapping,
    Spans: past.spans.map(({ atMs, status }) => ({ At: timeText(atMs), Status: status })),
  };
}

const changesOf = ({ spans }: Past): number => spans.length;

/** Those that changed most come first, and those of the node itself before all. */
export function healthHistoryDocument({ fromMs, nowMs, pasts }: CatalogPast): Document {
  const changed = pasts
    .filter((past) => past.spans.length > 1 || past.id === '')
    .sort((a, b) => Number(a.id !== '') - Number(b.id !== '') || changesOf(b) - changesOf(a));
  const steady = { passing: 0, warning: 0, critical: 0, maintenance: 0, unknown: 0, absent: 0 };
  for (const { id, spans } of pasts)
    if (id !== '' && spans.length === 1) steady[spans[0]?.status ?? 'absent'] += 1;
  const { absent: _never, unknown: _gone, ...known } = steady;
  return {
    From: timeText(fromMs),
    To: timeText(nowMs),
    Instances: changed.slice(0, MAX_INSTANCES).map(pastDocument),
    /** Instances that changed and for which there was no room. */
    Omitted: Math.max(changed.length - MAX_INSTANCES, 0),
    Steady: known,
  };
}
