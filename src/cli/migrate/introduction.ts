/**
 * Who is on either side of a copy, in a line for the person who started it.
 */
import { AppError } from '../../model/errors.ts';
import { type Client, jsonOf } from '../client.ts';
import type { Sides } from './pass.ts';

interface Self {
  readonly Config: {
    readonly NodeID: string;
    readonly NodeName: string;
    readonly Datacenter: string;
    readonly Version: string;
  };
}

const told = ({ Config }: Self): string =>
  `${Config.NodeName} (${Config.Datacenter}, version ${Config.Version})`;

/** Whether an agent is a member where another one is: then both show the same catalog, and there is nothing to copy. */
async function knows(agent: Client, { Config }: Self): Promise<boolean> {
  const { status, body } = await agent.request('GET', '/v1/agent/members');
  if (status !== 200) return false; // not allowed to see them: nothing is known against it
  const members = jsonOf<readonly { readonly Tags?: { readonly id?: string } }[]>(body);
  return members.some(({ Tags }) => Tags?.id === Config.NodeID);
}

/**
 * What both sides are. Rejects with AppError when they are the same agent or members of one datacenter, or when one cannot be
 * reached.
 */
export async function introduce({ source, target }: Sides): Promise<string> {
  const [from, to] = [await source.get<Self>('/v1/agent/self'), await target.get<Self>('/v1/agent/self')];
  if (from.Config.NodeID === to.Config.NodeID)
    throw new AppError('bad_request', '-from and -http-addr are the same agent');
  if (await knows(source, to))
    throw new AppError(
      'bad_request',
      '-from and -http-addr are agents of the same cluster: both have the same catalog',
    );
  return `from ${told(from)} to ${told(to)}`;
}
