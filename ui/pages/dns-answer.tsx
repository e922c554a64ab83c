/**
 * A question to DNS and what the server would say to it now, with the reason for each instance, and the same question
 * as a dig line. Used for a service's own name and, with a free name, by the DNS explorer.
 */
import { useSignal } from '@preact/signals';
import type { ExplainedInstance, Explanation } from '../api/explanation.ts';
import { explainPath } from '../api/paths.ts';
import { useAnswer } from '../api/use-live.ts';
import { Card, Command, Loading, Output, Refusal } from '../parts/basic.tsx';
import { Choice } from '../parts/field.tsx';
import { Icon } from '../parts/icon.tsx';
import { bytes, endpoint, plural } from '../parts/text.ts';
import { useDnsPlace } from './register.tsx';

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

function digLine(
  { name, type, transport, ednsBytes }: Question,
  place: { host: string; port: number },
): string {
  const how = transport === 'tcp' ? ' +tcp' : ednsBytes === '0' ? ' +noedns' : ` +bufsize=${ednsBytes}`;
  return `dig @${place.host} -p ${place.port} ${name} ${type}${how}`;
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

function Verdict({ instance }: { instance: ExplainedInstance }) {
  const { Kept, ServiceID, Address, Port, Reason } = instance;
  return (
    <li class="verdict">
      <span class={`mark is-${Kept ? 'passing' : 'critical'}`}>
        <Icon name={Kept ? 'passing' : 'critical'} size={12} />
      </span>
      <span class="who">
        <span class="name">{ServiceID}</span>
        <span class="mono hint">{endpoint(Address, Port)}</span>
      </span>
      <span class="why">{Reason}</span>
    </li>
  );
}

const VERDICT_LIMIT = 100;

function Verdicts({ instances }: { instances: readonly ExplainedInstance[] }) {
  const keptCount = instances.filter((instance) => instance.Kept).length;
  const sorted = [...instances].sort((a, b) => Number(a.Kept) - Number(b.Kept));
  return (
    <Card title="Why each instance is in or out" side={`${keptCount} of ${instances.length} in`}>
      <ul class="plain-list">
        {sorted.slice(0, VERDICT_LIMIT).map((instance) => (
          <Verdict key={`${instance.Node}/${instance.ServiceID}`} instance={instance} />
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

function Said({ explanation }: { explanation: Explanation }) {
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
      {instances.length > 0 && <Verdicts instances={instances} />}
    </>
  );
}

interface DnsAnswerProps {
  readonly name: string;
  /** The name is given by the page around it; otherwise `children` has the field for it. */
  readonly isNameFixed?: boolean;
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

export function DnsAnswer({ name, isNameFixed = false, type, onType, version }: DnsAnswerProps) {
  const ownType = useSignal('A');
  const transport = useSignal('udp');
  const ednsBytes = useSignal('1232');
  const place = useDnsPlace();
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
        {isNameFixed && <p class="mono question-name">{name}</p>}
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
      {name !== '' && <Command label="the same question with dig" text={digLine(question, place)} />}
      {answer.error.value && <Refusal error={answer.error.value} what="explanations of DNS answers" />}
      {name !== '' && !answer.data.value && !answer.error.value && <Loading what="the answer" />}
      {answer.data.value && <Said explanation={answer.data.value} />}
    </div>
  );
}
