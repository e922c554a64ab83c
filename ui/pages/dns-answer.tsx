/**
 * A question to DNS and what the server would say to it now, with the reason for each instance, and the same question
 * as a dig line. Used for a service's own name and, with a free name, by the DNS explorer.
 */
import { useSignal } from '@preact/signals';
import { apiPath } from '../api/client.ts';
import type { ExplainedInstance, Explanation } from '../api/explanation.ts';
import { explainPath } from '../api/paths.ts';
import { useLines } from '../api/take-along.ts';
import { useAnswer } from '../api/use-live.ts';
import { useApp } from '../app/app.ts';
import { Card, Loading, Output, Refusal } from '../parts/basic.tsx';
import { Command, Commands } from '../parts/command.tsx';
import { Choice } from '../parts/field.tsx';
import { Icon } from '../parts/icon.tsx';
import { bytes, endpoint, plural } from '../parts/text.ts';
import { Reason } from './reason.tsx';

const TYPES = ['A', 'AAAA', 'SRV', 'ANY', 'TXT', 'SOA', 'NS', 'PTR', 'CNAME', 'SVCB', 'HTTPS'] as const;
const same = (text: string) => [text, text] as const;
const EDNS_SIZES = [
  ['0', 'none (512)'],
  ['1232', '1232'],
  ['4096', '4096'],
] as const;

interface Question {
  readonly name: string;
  readonly type: string;
  readonly transport: string;
  readonly ednsBytes: string;
}

/** What makes dig ask in the same way. */
function digHow({ transport, ednsBytes }: Question): string {
  if (transport === 'tcp') return '+tcp';
  return ednsBytes === '0' ? '+noedns' : `+bufsize=${ednsBytes}`;
}

function Records({ title, records }: { title: string; records: readonly string[] }) {
  if (records.length === 0) return null;
  const shown = records.slice(0, 50);
  return (
    <div class="records">
      <h3 class="part-title">{title}</h3>
      <Output label={title} isTall>
        {shown.join('\n')}
        {records.length > shown.length && `\n… ${records.length - shown.length} more`}
      </Output>
    </div>
  );
}

interface VerdictProps {
  readonly instance: ExplainedInstance;
  /** Whose instances they are, where the page knows. */
  readonly service: string | undefined;
}

const MARKS = {
  passing: 'passing',
  critical: 'critical',
  maintenance: 'maintenance',
  gone: 'close',
} as const;

/** Out, but not for being ill: cut by a limit, or without a record of the type. */
function markOf({ Kept, Status }: ExplainedInstance): keyof typeof MARKS {
  if (Kept) return 'passing';
  return Status === 'critical' || Status === 'maintenance' ? Status : 'gone';
}

function Verdict({ instance, service }: VerdictProps) {
  const { router } = useApp();
  const { Node, ServiceID, Address, Port, Reason: reason } = instance;
  const mark = markOf(instance);
  const at = `${Node}/${ServiceID}`;
  return (
    <li class="verdict">
      <span class={`mark is-${mark}`}>
        <Icon name={MARKS[mark]} size={12} />
      </span>
      <span class="who">
        {service === undefined ? (
          <span class="name">{ServiceID}</span>
        ) : (
          <a class="name" href={router.to(['services', service], { at })}>
            {ServiceID}
          </a>
        )}
        <span class="mono hint">{endpoint(Address, Port)}</span>
        <a class="hint" href={router.to(['nodes', Node])}>
          {Node}
        </a>
      </span>
      <span class="why">
        <Reason text={reason} />
      </span>
    </li>
  );
}

const VERDICT_LIMIT = 100;

interface VerdictsProps {
  readonly instances: readonly ExplainedInstance[];
  readonly service: string | undefined;
}

function Verdicts({ instances, service }: VerdictsProps) {
  const keptCount = instances.filter((instance) => instance.Kept).length;
  const sorted = [...instances].sort((a, b) => Number(a.Kept) - Number(b.Kept));
  return (
    <Card title="Why each instance is in or out" side={`${keptCount} of ${instances.length} in`}>
      <ul class="plain-list">
        {sorted.slice(0, VERDICT_LIMIT).map((instance) => (
          <Verdict key={`${instance.Node}/${instance.ServiceID}`} instance={instance} service={service} />
        ))}
      </ul>
      {sorted.length > VERDICT_LIMIT && <p class="hint">and {sorted.length - VERDICT_LIMIT} more</p>}
    </Card>
  );
}

/** What came out, in one sentence. */
function outcomeText({ Answer, AnswersAvailable, Summary, Rcode }: Explanation): string {
  const sent = Answer?.length ?? 0;
  if (Summary !== '') return Summary;
  if (Rcode === '') return 'another server is asked';
  return sent === AnswersAvailable
    ? plural(sent, 'record')
    : `${sent} of ${plural(AnswersAvailable, 'record')}`;
}

function Said({ explanation, service }: { explanation: Explanation; service: string | undefined }) {
  const { Rcode, Truncated, Bytes, Lookup, TTLSeconds } = explanation;
  const answers = explanation.Answer ?? [];
  const instances = explanation.Instances ?? [];
  const isGood = Rcode === 'NOERROR' && answers.length > 0;
  return (
    <>
      <Card title="The answer" side={`${bytes(Bytes)}, may be kept for ${TTLSeconds} s`}>
        <p class="rcode">
          <strong class={isGood ? 'is-passing' : 'is-warning'}>{Rcode || 'FORWARDED'}</strong>
          <span>{outcomeText(explanation)}</span>
          {Truncated && <span class="tag">truncated: the client asks again over TCP</span>}
        </p>
        <p class="hint">The name means {Lookup}.</p>
        <Records title="Answer" records={answers} />
        <Records title="Authority" records={explanation.Authority ?? []} />
        <Records title="Additional" records={explanation.Additional ?? []} />
      </Card>
      {instances.length > 0 && <Verdicts instances={instances} service={service} />}
    </>
  );
}

interface DnsAnswerProps {
  readonly name: string;
  /** The page around it is about this service and gives its name; otherwise it has a field for names. */
  readonly service?: string;
  readonly type?: string;
  readonly onType?: (type: string) => void;
  /** The answer is asked for again when this changes. */
  readonly version?: unknown;
}

/** Counts the changes of `version`, so that it can stand in a key. */
function useVersionNumber(version: unknown): number {
  const seen = useSignal<{ version: unknown; number: number }>({ version, number: 0 });
  if (seen.peek().version !== version) seen.value = { version, number: seen.peek().number + 1 };
  return seen.value.number;
}

export function DnsAnswer({ name, service, type, onType, version }: DnsAnswerProps) {
  const ownType = useSignal('A');
  const transport = useSignal('udp');
  const ednsBytes = useSignal('1232');
  const { dig, curl } = useLines();
  const shownType = type ?? ownType.value;
  const question: Question = {
    name,
    type: shownType,
    transport: transport.value,
    ednsBytes: transport.value === 'tcp' ? '' : ednsBytes.value,
  };
  const answer = useAnswer<Explanation>(name === '' ? '' : explainPath(question), useVersionNumber(version));
  return (
    <div class="dns-answer">
      <div class="question">
        {service !== undefined && <p class="mono question-name">{name}</p>}
        <Choice
          label="Type"
          value={shownType}
          options={TYPES.map(same)}
          onChange={onType ?? ((next) => (ownType.value = next))}
        />
        <Choice
          label="Transport"
          value={transport.value}
          options={[
            ['udp', 'UDP'],
            ['tcp', 'TCP'],
          ]}
          onChange={(next) => (transport.value = next)}
        />
        {transport.value === 'udp' && (
          <Choice
            label="EDNS size"
            value={ednsBytes.value}
            options={EDNS_SIZES}
            onChange={(next) => (ednsBytes.value = next)}
          />
        )}
      </div>
      {name !== '' && (
        <Command label="the same question with dig" text={dig(name, shownType, digHow(question))} />
      )}
      {answer.error.value && <Refusal error={answer.error.value} what="explanations of DNS answers" />}
      {name !== '' && !answer.data.value && !answer.error.value && <Loading what="the answer" />}
      {name !== '' && (
        <Commands
          title="The same over HTTP"
          lines={[
            ['this explanation, as JSON', curl(explainPath(question))],
            ...(service === undefined
              ? []
              : [
                  [
                    'the same instances over HTTP',
                    curl(`${apiPath('health', 'service', service)}?passing`),
                  ] as const,
                ]),
          ]}
        />
      )}
      {answer.data.value && <Said explanation={answer.data.value} service={service} />}
    </div>
  );
}
