/** DNS names that were never asked before, where each is dear: templates of prepared queries, tags of a large service. */
import dgram from 'node:dgram';
import { nameFromText } from '../../src/wire/name.ts';
import type { RunningAgent } from '../../test/support/start-agent.ts';
import type { Attack } from './harness.ts';
import { putAll, send, until } from './requests.ts';

const INSTANCES = 3_000;

async function fillService(agent: RunningAgent, size: number): Promise<void> {
  const count = Math.round(INSTANCES * size);
  await putAll(
    agent,
    Array.from({ length: count }, (_, i) => [
      '/v1/catalog/register',
      {
        Node: `t-${i}`,
        Address: `10.2.${i >> 8}.${i & 255}`,
        Service: { Service: 'tagged', Port: 80, Tags: [`tag-${i % 300}`] },
      },
    ]),
  );
}

async function askAll({ dnsPort }: RunningAgent, names: readonly string[]): Promise<string> {
  const socket = dgram.createSocket('udp4');
  let answers = 0;
  socket.on('message', () => {
    answers += 1;
  });
  for (const [i, name] of names.entries()) {
    const head = Buffer.from([i >>> 8, i & 0xff, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    const wire = Buffer.from(nameFromText(name) ?? []);
    socket.send(Buffer.concat([head, wire, Buffer.from([0, 1, 0, 1])]), dnsPort, '127.0.0.1');
  }
  await until(() => answers >= names.length, 10_000);
  socket.close();
  return `${answers} of ${names.length} answered`;
}

function template(name: string, regexp: string): Attack {
  return {
    name,
    async prepare(agent, size) {
      await fillService(agent, size);
      const tags = Array.from({ length: 50 }, (_, i) => `$\{name.full}-${i}`);
      const Template = { Type: 'name_prefix_match', ...(regexp !== '' && { Regexp: regexp }) };
      const query = { Name: 'tpl', Template, Service: { Service: 'tagged', Tags: tags } };
      await send(agent, 'POST', '/v1/query', JSON.stringify(query));
    },
    strike: (agent, size) =>
      askAll(
        agent,
        Array.from({ length: Math.round(300 * size) }, (_, i) => `tpl-${'a'.repeat(40)}${i}.query.consul`),
      ),
  };
}

export const templateAttacks: readonly Attack[] = [
  template('template asked by 300 new names: plain', ''),
  template('template asked by 300 new names: regexp', '^tpl-(.*)*(a+)+$'),
  {
    name: '300 cold tags of a large service',
    prepare: fillService,
    strike: (agent, size) =>
      askAll(
        agent,
        Array.from({ length: Math.round(300 * size) }, (_, i) => `tag-${i}.tagged.service.consul`),
      ),
  },
];
