/** A process that does nothing but supervise a member, to be killed: `node member-agent.ts JSON`. Prints etcd's process id. */
import { systemClock } from '../../src/lib/clock.ts';
import { silentLogger } from '../../src/lib/logger.ts';
import { EtcdMember } from '../../src/store/etcd/etcd-member.ts';
import type { MemberSettings, MemberStart } from '../../src/store/etcd/member-options.ts';

const given = JSON.parse(process.argv[2] ?? '{}') as { settings: MemberSettings; start: MemberStart };
const member = new EtcdMember({ program: 'etcd', ...given, clock: systemClock, log: silentLogger });
await member.start();
process.stdout.write(`${member.state.pid}\n`);
setInterval(() => {}, 1_000);
