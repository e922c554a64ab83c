/** States from the worst to the best: the order of every list, legend and sum. */
import type { Status } from '../api/shapes.ts';

export const STATUS_ORDER: readonly Status[] = ['critical', 'warning', 'maintenance', 'passing'];

/** 0 is worst. */
export function rankOf(status: Status): number {
  return STATUS_ORDER.indexOf(status);
}
