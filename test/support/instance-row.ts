/**
 * An instance that answers, as rows have it.
 */
import type { Instance } from '../../src/catalog/select.ts';
import { nodeRow, serviceRow } from './dns-rig.ts';

export function instanceRow(node: string, service: string, address = '10.2.0.1', port = 80): Instance {
  return {
    node: nodeRow(node, address),
    service: serviceRow(node, service, { port }),
    checks: [],
    status: 'passing',
    verdict: { isIn: true },
  };
}
