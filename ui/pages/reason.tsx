/** Why an instance is in an answer of DNS or out of it: the server's own sentence, its times as "for 3 min". */
import type { ExplainedInstance, Explanation } from '../api/explanation.ts';
import { explainPath } from '../api/paths.ts';
import type { InstanceShape } from '../api/shapes.ts';
import { useLines } from '../api/take-along.ts';
import { useAnswer } from '../api/use-live.ts';
import { useApp } from '../app/app.ts';
import { Ago } from '../parts/basic.tsx';

const SINCE = / since (\d{4}-\d\d-\d\dT[\d:.]+Z)/;

export function Reason({ text }: { text: string }) {
  const [before = '', time, after] = text.split(SINCE);
  if (time === undefined) return <>{text}</>;
  return (
    <>
      {before} <Ago ms={Date.parse(time)} isLasting />
      {after}
    </>
  );
}

/** Changes whenever something changes that decides whether DNS answers with the instance. */
function versionOf({ Service, Checks }: InstanceShape): string {
  const checks = Checks.map((check) => `${check.CheckID}:${check.ModifyIndex}`);
  return [Service.ModifyIndex, ...checks].join().replaceAll(' ', '_');
}

function useVerdict(instance: InstanceShape): ExplainedInstance | undefined {
  const { domain } = useLines();
  const name = `${instance.Service.Service}.service.${domain}`;
  // Over TCP nothing is cut, and SRV records exist for every kind of address.
  const path = explainPath({ name, type: 'SRV', transport: 'tcp', ednsBytes: '' });
  const { data } = useAnswer<Explanation>(path, versionOf(instance));
  const { Node, Service } = instance;
  return data.value?.Instances?.find((each) => each.Node === Node.Node && each.ServiceID === Service.ID);
}

/** Whether DNS answers with this instance, why not, and the way to the whole answer. */
export function InDns({ instance }: { instance: InstanceShape }) {
  const { router } = useApp();
  const verdict = useVerdict(instance);
  const isIn = verdict?.Kept ?? false;
  return (
    <>
      {verdict && (
        <strong class={`word is-${isIn ? 'passing' : 'critical'}`}>
          {isIn ? 'in the answer' : 'left out'}
        </strong>
      )}{' '}
      <a href={router.to(['services', instance.Service.Service], { tab: 'dns' })}>the whole answer</a>
      {verdict && !isIn && (
        <p class="why">
          <Reason text={verdict.Reason} />
        </p>
      )}
    </>
  );
}
