/** The page that stays open: what is wrong now, how much there is, what DNS does, what changed lately. */
import { FAILING, NODES, SERVICES } from '../api/paths.ts';
import type { CheckShape, NodeShape, ServiceSummary } from '../api/shapes.ts';
import { useLive } from '../api/use-live.ts';
import { useApp } from '../app/app.ts';
import { rankOf, STATUS_ORDER } from '../app/status-order.ts';
import { Ago, Card, Loading, PageHead, Refusal } from '../parts/basic.tsx';
import { CheckOwner, useHistory } from '../parts/check-view.tsx';
import {
  type Count,
  countsOfService,
  HealthBar,
  type Standing,
  StatusMark,
  standingOf,
  statusOfCheck,
} from '../parts/status.tsx';
import { byText, count, firstLine, plural } from '../parts/text.ts';
import { DnsActivity } from './dns-activity.tsx';
import { FirstService } from './register.tsx';
import { Timeline } from './timeline.tsx';

/** Instances of all services by state. */
function countInstances(services: readonly ServiceSummary[]): readonly Count[] {
  const all = services.flatMap(countsOfService);
  return STATUS_ORDER.map((status) => ({
    status,
    count: all.reduce((sum, entry) => sum + (entry.status === status ? entry.count : 0), 0),
  }));
}

/** The state of everything in one sentence; what is down comes first. */
function headline(services: readonly ServiceSummary[], counts: readonly Count[]): string {
  const standings = services.map(standingOf);
  const has = (standing: Standing): number => standings.filter((own) => own === standing).length;
  const [down, degraded] = [has('down'), has('degraded')];
  if (down > 0) {
    const also = degraded > 0 ? `, ${count(degraded)} degraded` : '';
    return `${plural(down, 'service')} ${down === 1 ? 'is' : 'are'} down${also}`;
  }
  if (degraded > 0) return `${plural(degraded, 'service')} ${degraded === 1 ? 'is' : 'are'} degraded`;
  const others = counts.reduce((sum, entry) => sum + (entry.status === 'passing' ? 0 : entry.count), 0);
  if (others > 0) return `${plural(others, 'instance')} ${others === 1 ? 'needs' : 'need'} attention`;
  return services.length === 1
    ? 'The only service is passing'
    : `All ${count(services.length)} services are passing`;
}

interface HealthProps {
  /** Instances by state. */
  readonly counts: readonly Count[];
}

/** Bar, numbers and words count the same: instances. Each number leads to the services that have such an instance. */
function InstanceHealth({ counts }: HealthProps) {
  const { router } = useApp();
  const text = counts.map((entry) => `${entry.count} ${entry.status}`).join(', ');
  return (
    <section class="health-summary" aria-label="Instances by health">
      <HealthBar counts={counts} label={`Instances: ${text}`} />
      <ul>
        {counts.map((entry) => (
          <li key={entry.status}>
            <a
              href={router.to(['services'], { status: entry.status })}
              class={entry.count === 0 ? 'is-none' : ''}
            >
              <StatusMark status={entry.status} />
              <span class="figure">{count(entry.count)}</span>
              <span>{entry.status}</span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

function FailingCheck({ check }: { check: CheckShape }) {
  const status = statusOfCheck(check);
  const since = useHistory(check)?.Since;
  return (
    <li class="failing">
      <StatusMark status={status} />
      <div>
        <p>
          <CheckOwner check={check} /> <span class="hint">{check.Name || check.CheckID}</span>
        </p>
        <p class="said">{firstLine(check.Output) || check.Notes || status}</p>
      </div>
      <p class="where-since hint">
        {check.Node}
        {since && <Ago ms={Date.parse(since)} />}
      </p>
    </li>
  );
}

const FAILING_LIMIT = 12;

function Failing() {
  const { router } = useApp();
  const { data, error } = useLive<readonly CheckShape[]>(FAILING);
  const checks = data.value;
  const sorted = [...(checks ?? [])].sort(
    (a, b) =>
      rankOf(statusOfCheck(a)) - rankOf(statusOfCheck(b)) ||
      b.ModifyIndex - a.ModifyIndex ||
      byText(a.Name, b.Name),
  );
  return (
    <Card
      title="Not passing"
      side={checks && checks.length > 0 && <a href={router.to(['checks'])}>all checks</a>}
    >
      {!checks && error.value && <Refusal error={error.value} what="failing checks" />}
      {checks?.length === 0 && <p class="calm">Every check is passing.</p>}
      <ul class="plain-list">
        {sorted.slice(0, FAILING_LIMIT).map((check) => (
          <FailingCheck key={`${check.Node}/${check.CheckID}`} check={check} />
        ))}
      </ul>
      {sorted.length > FAILING_LIMIT && (
        <p class="hint">
          and <a href={router.to(['checks'])}>{plural(sorted.length - FAILING_LIMIT, 'more check')}</a>
        </p>
      )}
    </Card>
  );
}

function Totals({ services }: { services: readonly ServiceSummary[] }) {
  const nodes = useLive<readonly NodeShape[]>(NODES).data.value;
  const sum = (read: (service: ServiceSummary) => number) =>
    services.reduce((total, service) => total + read(service), 0);
  const parts = [
    plural(
      sum((service) => service.InstanceCount),
      'instance',
    ),
    ...(nodes ? [`on ${plural(nodes.length, 'node')}`] : []),
  ];
  return <>{parts.join(' ')}</>;
}

/** What stands there before anything but the agent itself is registered. */
function NewAgent() {
  return (
    <>
      <PageHead title="Ready for your first service" about="This agent runs and knows only itself." />
      <div class="columns">
        <div class="column-main">
          <FirstService />
          <Timeline />
        </div>
        <div class="column-side">
          <DnsActivity />
        </div>
      </div>
    </>
  );
}

function Everything({ services }: { services: readonly ServiceSummary[] }) {
  const counts = countInstances(services);
  return (
    <>
      <PageHead title={headline(services, counts)} about={<Totals services={services} />} />
      <InstanceHealth counts={counts} />
      <div class="columns">
        <div class="column-main">
          <Failing />
          <Timeline />
        </div>
        <div class="column-side">
          <DnsActivity />
        </div>
      </div>
    </>
  );
}

export function OverviewPage() {
  const { data, error } = useLive<readonly ServiceSummary[]>(SERVICES);
  const failing = useLive<readonly CheckShape[]>(FAILING).data.value;
  const services = data.value;
  if (!services) {
    return (
      <>
        <PageHead title="Overview" />
        {error.value ? (
          <Refusal error={error.value} what="the list of services" />
        ) : (
          <Loading what="services" />
        )}
      </>
    );
  }
  const isNew = services.every((service) => service.Name === 'consul') && (failing?.length ?? 0) === 0;
  return isNew ? <NewAgent /> : <Everything services={services} />;
}
