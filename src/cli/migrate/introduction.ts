/**
 * Who is on either side of a copy, in a line for the person who started it.
 */
import { AppError } from '../../model/errors.ts';
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

/** What both sides are. Rejects with AppError when they are the same agent, or one cannot be reached. */
export async function introduce({ source, target }: Sides): Promise<string> {
  const [from, to] = [await source.get<Self>('/v1/agent/self'), await target.get<Self>('/v1/agent/self')];
  if (from.Config.NodeID === to.Config.NodeID)
    throw new AppError('bad_request', '-from and -http-addr are the same agent');
  return `from ${told(from)} to ${told(to)}`;
}
