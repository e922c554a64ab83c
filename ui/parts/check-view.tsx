/**
 * One check in full: state, what it said, how it is run, its latest results as a strip where the agent keeps them.
 */
import { apiPath } from '../api/client.ts';
import { SELF } from '../api/paths.ts';
import type { AgentSelf, CheckShape } from '../api/shapes.ts';
import { useAnswer, useLive } from '../api/use-live.ts';
import { useApp } from '../app/app.ts';
import { Ago, Linked, Output } from './basic.tsx';
import { isMaintenance, StatusMark, statusOfCheck } from './status.tsx';
import { latency } from './text.ts';

/** A result of a check as `/v1/agent/check/:id/history` gives it, newest first. */
export interface CheckResult {
  readonly Status: 'passing' | 'warning' | 'critical';
  readonly Time: string;
  /** 0 for reports that came from outside. */
  readonly DurationMs: number;
  readonly Output?: string;
}

export interface CheckHistory {
  readonly Since?: string;
  readonly Results: readonly CheckResult[] | null;
}

/** The agent keeps the results of the checks that it runs itself; nothing for others. */
export function useHistory(check: CheckShape): CheckHistory | undefined {
  const self = useLive<AgentSelf>(SELF).data.value;
  const isOwn = self?.Config.NodeName === check.Node && check.CheckID !== 'serfHealth';
  const path = isOwn && !isMaintenance(check) ? apiPath('agent', 'check', check.CheckID, 'history') : '';
  return useAnswer<CheckHistory>(path, check.ModifyIndex).data.value;
}

/** The latest results, oldest at the left, one bar each. */
export function Strip({ results }: { results: readonly CheckResult[] }) {
  const shown = results.slice(0, 30).toReversed();
  const bad = shown.filter((result) => result.Status !== 'passing').length;
  const label = `last ${shown.length} results, ${bad} not passing`;
  return (
    <span class="strip" role="img" aria-label={label}>
      {shown.map((result, at) => (
        <span
          key={`${result.Time}${at}`}
          class={`is-${result.Status}`}
          title={`${result.Status} · ${new Date(result.Time).toLocaleTimeString()}`}
        />
      ))}
    </span>
  );
}

function howItRuns(check: CheckShape): string {
  if (isMaintenance(check)) return 'set by a person';
  const every = check.Interval ? `every ${check.Interval}` : '';
  const within = check.Timeout ? `within ${check.Timeout}` : '';
  return [check.Type, every, within].filter(Boolean).join(' · ');
}

export function CheckView({ check }: { check: CheckShape }) {
  const history = useHistory(check);
  const results = history?.Results ?? [];
  const last = results[0];
  const runs = howItRuns(check);
  return (
    <article class="check-view">
      <h3>
        <StatusMark status={statusOfCheck(check)} />
        <span class="name">{check.Name || check.CheckID}</span>
        <span class={`word is-${statusOfCheck(check)}`}>{statusOfCheck(check)}</span>
      </h3>
      <p class="meta-line">
        {runs && <span>{runs}</span>}
        {history?.Since && (
          <span>
            <Ago ms={Date.parse(history.Since)} isLasting />
          </span>
        )}
        {last && last.DurationMs > 0 && <span>took {latency(last.DurationMs)}</span>}
      </p>
      {results.length > 0 && <Strip results={results} />}
      <Output label={`Output of ${check.Name}`}>
        {check.Output.trim() || (isMaintenance(check) ? <Linked text={check.Notes} /> : 'no output')}
      </Output>
      {check.Notes && !isMaintenance(check) && (
        <p class="hint">
          <Linked text={check.Notes} />
        </p>
      )}
    </article>
  );
}

/** Where a check belongs: its service, or its node. */
export function CheckOwner({ check }: { check: CheckShape }) {
  const { router } = useApp();
  if (check.ServiceID === '') return <a href={router.to(['nodes', check.Node])}>{check.Node}</a>;
  const at = `${check.Node}/${check.ServiceID}`;
  return <a href={router.to(['services', check.ServiceName], { at })}>{check.ServiceID}</a>;
}
