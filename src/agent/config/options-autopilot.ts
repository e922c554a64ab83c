/**
 * Options that a new datacenter's autopilot begins with. Later it obeys what was written with `operator autopilot set-config`.
 */
import type { OptionTable } from './option-spec.ts';

export const AUTOPILOT_OPTIONS = {
  'autopilot.cleanup_dead_servers': {
    kind: 'switch',
    default: true,
    reloadable: false,
    doc: 'Take a dead server out when a new one has joined; at the first start of a datacenter, as all of `autopilot`.',
  },
  'autopilot.last_contact_threshold': {
    kind: 'duration',
    default: 200,
    min: 0,
    reloadable: false,
    doc: 'A server that has not heard the leader for longer is unhealthy.',
  },
  'autopilot.max_trailing_logs': {
    kind: 'integer',
    default: 250,
    min: 0,
    reloadable: false,
    doc: "A server whose copy is more writes behind the leader's is unhealthy.",
  },
  'autopilot.min_quorum': {
    kind: 'integer',
    default: 0,
    min: 0,
    reloadable: false,
    doc: 'As many voting servers are left at least when dead ones are taken out.',
  },
  'autopilot.server_stabilization_time': {
    kind: 'duration',
    default: 10_000,
    min: 0,
    reloadable: false,
    doc: 'For so long a new server must have been healthy before a dead one is taken out in its favour.',
  },
} as const satisfies OptionTable;
