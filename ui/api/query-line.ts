/** A line of the agent's log about one question to DNS, taken apart. Pure. */

export interface QueryLine {
  /** As in the log: RFC 3339. */
  readonly time: string;
  readonly client: string;
  readonly transport: string;
  readonly name: string;
  readonly type: string;
  readonly rcode: string;
  readonly answers: string;
  readonly elapsedMs: number;
}

const IS_QUERY = /^(\S+) \[\w+\] .*\bdns query: (.*)$/;
const FIELD = /(\w+)=("(?:[^"\\]|\\.)*"|\S+)/g;

/** The question that `line` is about; undefined when it is about something else. */
export function readQueryLine(line: string): QueryLine | undefined {
  const match = IS_QUERY.exec(line);
  if (!match) return undefined;
  const [, time = '', rest = ''] = match;
  const fields = new Map([...rest.matchAll(FIELD)].map(([, name, value]) => [name ?? '', value ?? '']));
  const text = (name: string) => fields.get(name) ?? '';
  return {
    time,
    client: text('client'),
    transport: text('transport'),
    name: text('name'),
    type: text('type'),
    rcode: text('rcode'),
    answers: text('answers'),
    elapsedMs: Number(text('elapsedMs')),
  };
}
