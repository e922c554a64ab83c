/** DNS at a glance: questions a second, by type and response code, and how long answers take. */
import { quantile } from '../api/metric-samples.ts';
import { METRICS } from '../api/paths.ts';
import type { Metrics } from '../api/shapes.ts';
import { useLive } from '../api/use-live.ts';
import { useApp } from '../app/app.ts';
import { addUp, type DnsMoment, KEPT_MOMENTS, LOOK_EVERY_MS } from '../app/dns-history.ts';
import { useDnsMoments } from '../app/use-dns-moments.ts';
import { Card } from '../parts/basic.tsx';
import { Sparkline } from '../parts/sparkline.tsx';
import { count, latency, rate } from '../parts/text.ts';

/** Bars for the most frequent values, the longest first. */
function Shares({ title, sums }: { title: string; sums: ReadonlyMap<string, number> }) {
  const rows = [...sums]
    .filter(([, value]) => value > 0)
    .sort((a, b) => b[1] - a[1])
    .slice(0, 6);
  const top = rows[0]?.[1] ?? 1;
  if (rows.length === 0) return null;
  return (
    <div class="shares">
      <h3>{title}</h3>
      <dl>
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <span class="bar" aria-hidden="true">
                <span style={{ width: `${(value / top) * 100}%` }} />
              </span>
              <span class="number">{count(value)}</span>
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

function Latency({ moments }: { moments: readonly DnsMoment[] }) {
  const buckets = addUp(moments, (moment) => moment.latency);
  const bounds = [0.5, 0.99].map((share) => quantile(buckets, share));
  if (bounds.some((bound) => bound === undefined)) return null;
  const [half, most] = bounds.map((bound) =>
    bound === Infinity ? 'more than 2.5 s' : latency((bound ?? 0) * 1_000),
  );
  return (
    <p class="latency-line">
      half of the answers within <strong>{half}</strong>, 99 % within <strong>{most}</strong>
    </p>
  );
}

function Activity() {
  const { dns } = useApp();
  const moments = dns.moments.value;
  const last = moments.at(-1);
  const rates = moments.map((moment) => moment.queries / moment.seconds);
  const now = last ? last.queries / last.seconds : 0;
  return (
    <>
      <p class="big-figure">
        <span class="figure">{rate(now)}</span> <span class="hint">questions a second</span>
      </p>
      <Sparkline
        length={KEPT_MOMENTS}
        values={rates}
        label={`questions a second over the last two minutes, now ${rate(now)}`}
      />
      <Latency moments={moments} />
      <Shares title="By response" sums={addUp(moments, (moment) => moment.byRcode)} />
      <Shares title="By type" sums={addUp(moments, (moment) => moment.byType)} />
      <p class="hint">
        The last two minutes; {count(dns.total.value ?? 0)} questions since the agent started.
      </p>
    </>
  );
}

export function DnsActivity() {
  const { dns } = useApp();
  const { error } = useLive<Metrics>(METRICS, LOOK_EVERY_MS);
  useDnsMoments();
  return (
    <Card title="DNS" side={<DnsLink />}>
      {dns.total.value === undefined && error.value && (
        <p class="hint">This agent does not say what its DNS does: {error.value.message}</p>
      )}
      {dns.total.value !== undefined && <Activity />}
    </Card>
  );
}

function DnsLink() {
  const { router } = useApp();
  return <a href={router.to(['dns'])}>ask a question</a>;
}
