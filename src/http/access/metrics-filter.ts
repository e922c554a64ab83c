/**
 * Metrics without the names that their asker may not read: some are told for each service or server, and a list of those is
 * what rules may hide. Series without such a label are numbers of this agent, and stay.
 */
import type { Resource } from '../../acl/resources.ts';
import type { Reply } from '../call-and-reply.ts';
import type { AnswerFilter, Asker } from './permission.ts';

/** Labels that hold a name, and what has to be readable for it. */
const NAMED: Readonly<Record<string, Resource>> = { service: 'service', server: 'node' };

interface Series {
  readonly Labels?: Readonly<Record<string, string>>;
}

type Names = Iterable<readonly [label: string, name: string]>;

function mayRead({ may }: Asker, names: Names): boolean {
  for (const [label, name] of names) {
    const resource = NAMED[label];
    if (resource !== undefined && !may({ resource, level: 'read', name })) return false;
  }
  return true;
}

/** A label and its value in a line of the text format. */
const LABEL = /[{,](\w+)="((?:[^"\\]|\\.)*)"/g;
const ESCAPED = /\\(.)/g;

function* namesIn(line: string): Names {
  if (line.startsWith('#')) return;
  for (const [, label = '', value = ''] of line.matchAll(LABEL))
    yield [label, value.replace(ESCAPED, (_, character: string) => (character === 'n' ? '\n' : character))];
}

function shownText(body: Buffer, asker: Asker): Buffer {
  const lines = body.toString('utf8').split('\n');
  return Buffer.from(lines.filter((line) => mayRead(asker, namesIn(line))).join('\n'));
}

function shownDocument(document: object, asker: Asker): object {
  const shown = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.filter(({ Labels = {} }: Series) => mayRead(asker, Object.entries(Labels)))
      : value;
  return Object.fromEntries(Object.entries(document).map(([kind, value]) => [kind, shown(value)]));
}

/** Of the text format and of the document. */
export const metricsFilter: AnswerFilter = (reply: Reply, asker: Asker): Reply => {
  if (Buffer.isBuffer(reply.body)) return { ...reply, body: shownText(reply.body, asker) };
  const { value } = reply;
  if (typeof value !== 'object' || value === null) return reply;
  return { ...reply, value: shownDocument(value, asker) };
};
