/** The last 24 hours of a service, of a node, or of one instance: strips of states, how long up, who flaps. */
import { useComputed } from '@preact/signals';
import { pastPath } from '../api/paths.ts';
import type { HealthPast, InstanceShape, PastInstance, PastSpan } from '../api/shapes.ts';
import { useAnswer } from '../api/use-live.ts';
import { useApp } from '../app/app.ts';
import { partsOf, pastOf, shareText, type Window, windowOf } from '../app/past.ts';
import { Card } from '../parts/basic.tsx';
import { PastStrip } from '../parts/past-strip.tsx';
import { Sparkline } from '../parts/sparkline.tsx';
import { statusOfChecks } from '../parts/status.tsx';
import { count, plural } from '../parts/text.ts';

const DAY_MS = 24 * 3_600_000;
/** Parts of the curve: a quarter of an hour each. */
const PARTS = 96;
/** Instances that have a strip of their own; the others are counted. */
const SHOWN = 8;

/** The past of a service or a node, asked anew when `version` changes and once a minute. */
export function usePast(
  about: { readonly service: string } | { readonly node: string },
  version: unknown,
): HealthPast | undefined {
  const { clock } = useApp();
  const minute = useComputed(() => Math.floor(clock.tick.value / 60_000)).value;
  return useAnswer<HealthPast>(pastPath(about), `${String(version)}/${minute}`).data.value;
}

/** Changes when one of the rows that health is made of does. */
export function versionOfInstances(instances: readonly InstanceShape[]): string {
  let newest = 0;
  for (const { Service, Checks } of instances) {
    newest = Math.max(newest, Service.ModifyIndex ?? 0);
    for (const check of Checks) newest = Math.max(newest, check.ModifyIndex);
  }
  return `${instances.length}/${newest}`;
}

const fellText = (falls: number): string => (falls === 1 ? 'fell once' : `fell ${count(falls)} times`);

function wordsOf({
  UpShare,
  Falls,
  IsFlapping,
}: Pick<PastInstance, 'UpShare' | 'Falls' | 'IsFlapping'>): string {
  const up = UpShare === null ? 'nothing known' : `up ${shareText(UpShare)}`;
  const fell = Falls === 0 ? '' : `, ${fellText(Falls)}`;
  return `${up}${fell}${IsFlapping ? ', flapping' : ''}`;
}

function Flapping({ past }: { past: PastInstance }) {
  if (!past.IsFlapping) return null;
  return (
    <span class="word is-critical" title="It failed three times or more within the last hour.">
      flapping
    </span>
  );
}

function Row({ past, window, isOfNode }: { past: PastInstance; window: Window; isOfNode: boolean }) {
  const name = past.ServiceID || past.Node;
  const isGone = past.Spans.at(-1)?.Status === 'absent';
  return (
    <li class="past-row">
      <p>
        <span class="name">{past.ServiceID || 'the node itself'}</span>{' '}
        {isGone && <span class="hint">gone, was on </span>}
        {!isOfNode && <span class="hint">{past.Node}</span>} <Flapping past={past} />
      </p>
      <PastStrip spans={past.Spans} window={window} label={`${name}, last 24 hours: ${wordsOf(past)}`} />
      <p class="past-figures">
        <span class="number">{past.UpShare === null ? '–' : shareText(past.UpShare)}</span>
        <span class="hint">{past.Falls === 0 ? '' : fellText(past.Falls)}</span>
      </p>
    </li>
  );
}

/** Share of the instances that DNS answered with, over the day. */
function Answered({ past, window }: { past: HealthPast; window: Window }) {
  const parts = partsOf(past, window, PARTS);
  const all = parts.reduce((sum, part) => sum + part.registered, 0);
  if (all === 0) return null;
  const share = parts.reduce((sum, part) => sum + part.up, 0) / all;
  const values = parts.map(({ registered, up }) => (registered === 0 ? 0 : up / registered));
  return (
    <>
      <p class="big-figure">
        <span class="figure">{shareText(share)}</span> <span class="hint">of its instances were up</span>
      </p>
      <Sparkline
        values={values}
        length={PARTS}
        label={`Share of instances that were up over 24 hours: ${shareText(share)} on average`}
      />
    </>
  );
}

function Axis({ past, window }: { past: HealthPast; window: Window }) {
  const unknown = Date.parse(past.From) - window.fromMs;
  return (
    <p class="past-axis hint">
      <span>
        24 h ago
        {unknown > 60_000 && `; remembered since ${new Date(past.From).toLocaleTimeString()}`}
      </span>
      <span>now</span>
    </p>
  );
}

interface PastCardProps {
  readonly past: HealthPast | undefined;
  /** Of a node its own strip comes first, of a service the share of its instances. */
  readonly isOfNode?: boolean;
}

export function PastCard({ past, isOfNode = false }: PastCardProps) {
  if (!past) return null;
  const window = windowOf(past, DAY_MS);
  const shown = past.Instances.slice(0, SHOWN);
  const more = past.Instances.length - shown.length + past.Omitted;
  const steady = Object.values(past.Steady).reduce((sum, value) => sum + value, 0);
  const rest = [
    more > 0 ? `${plural(more, 'more instance')} changed` : '',
    steady > 0 ? `${plural(steady, 'instance')} did not change` : '',
  ].filter(Boolean);
  if (shown.length === 0 && steady === 0) return null;
  return (
    <Card title="The last 24 hours" side="from the history">
      {!isOfNode && <Answered past={past} window={window} />}
      <ul class="plain-list">
        {shown.map((each) => (
          <Row key={`${each.Node}/${each.ServiceID}`} past={each} window={window} isOfNode={isOfNode} />
        ))}
      </ul>
      <Axis past={past} window={window} />
      {rest.length > 0 && <p class="hint">{rest.join('; ')}.</p>}
    </Card>
  );
}

/** One instance in the inspector; one that did not change has a strip of one colour. */
export function InstancePast({ past, instance }: { past: HealthPast | undefined; instance: InstanceShape }) {
  if (!past) return null;
  const window = windowOf(past, DAY_MS);
  const status = statusOfChecks(instance.Checks);
  const steady: readonly PastSpan[] = [{ At: past.From, Status: status }];
  const isUp = status === 'passing' || status === 'warning';
  const own: PastInstance = pastOf(past, instance.Node.Node, instance.Service.ID) ?? {
    Node: instance.Node.Node,
    ServiceID: instance.Service.ID,
    ServiceName: instance.Service.Service,
    UpShare: isUp ? 1 : 0,
    Falls: 0,
    IsFlapping: false,
    Spans: steady,
  };
  return (
    <div class="past-one">
      <h3 class="part-title">The last 24 hours</h3>
      <PastStrip spans={own.Spans} window={window} label={`Last 24 hours: ${wordsOf(own)}`} />
      <p class="past-axis hint">
        <span>
          {wordsOf({ ...own, IsFlapping: false })} <Flapping past={own} />
        </span>
        <span>now</span>
      </p>
    </div>
  );
}
