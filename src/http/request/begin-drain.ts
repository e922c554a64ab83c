/**
 * From a maintenance mark that was set or taken away to the drain that goes with it.
 */
import { AppError } from '../../model/errors.ts';
import type { HttpParts } from '../http-parts.ts';
import type { MaintenanceOptions } from './maintenance-parameters.ts';

/** Refuse a drain that waits for a check that this agent does not run. Throws bad_request. */
export function requireCheckOfDrain({ drain }: MaintenanceOptions, { local }: HttpParts): void {
  const id = drain?.untilCheck ?? '';
  if (id === '' || local.checks().has(id as never)) return;
  throw new AppError('bad_request', `?until: this agent has no check with ID ${JSON.stringify(id)}`);
}

/** Begin, or end, what belongs to a mark; `serviceId` is '' for the node. */
export async function followMark(
  serviceId: string,
  { drain }: MaintenanceOptions,
  { drains, clock }: HttpParts,
): Promise<void> {
  if (drain === undefined) return drains.cancel(serviceId);
  const { forMs, untilCheck, deregister } = drain;
  await drains.begin({ serviceId, endsMs: clock.now() + forMs, untilCheck, deregister });
}
