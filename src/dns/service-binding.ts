/**
 * SVCB and HTTPS records (RFC 9460) of services whose metadata asks for them: where an instance is, on which port, and what is
 * spoken there, in one answer.
 *
 *     svcb-alpn = "h2,http/1.1"        the protocols, the preferred one first (§7.1.1); '' names none
 *     svcb-no-default-alpn = "true"    and no others (§7.1.1)
 *
 * Instances without the first have no such record. All are of one priority: clients choose among them. Encrypted hellos (ECH) are
 * left out: their keys are not the agent's to know.
 */
import type { Instance } from '../catalog/select.ts';
import { TYPE } from '../wire/constants.ts';
import type { WireName } from '../wire/name.ts';
import type { SvcbData } from '../wire/rdata.ts';
import type { Endpoint } from './records.ts';

const ALPN_META = 'svcb-alpn';
const NO_DEFAULT_META = 'svcb-no-default-alpn';
const PRIORITY = 1;
/** Keys of parameters, in the order in which they have to stand (§14.3.2). */
const KEY = { ALPN: 1, NO_DEFAULT_ALPN: 2, PORT: 3, IPV4_HINT: 4, IPV6_HINT: 6 } as const;
const MAX_ID_BYTES = 255;

/** Whether a type is one of the two. */
export function isServiceBinding(qtype: number): qtype is SvcbData['type'] {
  return qtype === TYPE.SVCB || qtype === TYPE.HTTPS;
}

/** Whether an instance asks for such a record. */
export function asksForBinding({ service }: Instance): boolean {
  return service.meta?.[ALPN_META] !== undefined;
}

function parameter(key: number, value: Uint8Array): Uint8Array {
  return Uint8Array.from([key >>> 8, key & 0xff, value.length >>> 8, value.length & 0xff, ...value]);
}

/** Each with its length; what cannot be one is left out. */
function protocolIds(text: string): Uint8Array {
  const ids = text.split(',').map((id) => Buffer.from(id.trim(), 'utf8'));
  const fit = ids.filter(({ length }) => length > 0 && length <= MAX_ID_BYTES);
  return Uint8Array.from(fit.flatMap((id) => [id.length, ...id]));
}

function parametersOf({ service }: Instance, endpoint: Endpoint): Uint8Array {
  const ids = protocolIds(service.meta?.[ALPN_META] ?? '');
  const isOnly = service.meta?.[NO_DEFAULT_META] === 'true';
  const parts: Uint8Array[] = [];
  if (ids.length > 0) parts.push(parameter(KEY.ALPN, ids));
  // It may only stand beside the protocols that are spoken instead (§7.1.1).
  if (ids.length > 0 && isOnly) parts.push(parameter(KEY.NO_DEFAULT_ALPN, new Uint8Array(0)));
  if (service.port > 0) parts.push(parameter(KEY.PORT, Uint8Array.of(service.port >>> 8, service.port)));
  if (endpoint.kind === 'ip') {
    const key = endpoint.address.length === 4 ? KEY.IPV4_HINT : KEY.IPV6_HINT;
    parts.push(parameter(key, endpoint.address));
  }
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** The data of the record of an instance, which is reached at `target`. */
export function bindingData(
  type: SvcbData['type'],
  instance: Instance,
  endpoint: Endpoint,
  target: WireName,
): SvcbData {
  return { type, priority: PRIORITY, target, parameters: parametersOf(instance, endpoint) };
}

/** The port that such a record names; 0 for none. */
export function portOfBinding({ parameters }: SvcbData): number {
  for (let at = 0; at + 4 <= parameters.length; ) {
    const [key, bytes] = [wordAt(parameters, at), wordAt(parameters, at + 2)];
    if (key === KEY.PORT) return wordAt(parameters, at + 4);
    at += 4 + bytes;
  }
  return 0;
}

function wordAt(octets: Uint8Array, at: number): number {
  return ((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0);
}
