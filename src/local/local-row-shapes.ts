/**
 * What a row of the agent's own store must look like to be run, as catalog/row-shapes.ts says it of the catalog's.
 */
import { isCheckStatus, isServiceDefinition } from '../catalog/row-shapes.ts';
import {
  hasFields,
  isBoolean,
  isListOf,
  isMapOf,
  isNumber,
  isOneOf,
  isText,
  orNull,
  type Shape,
} from '../lib/shape.ts';
import type {
  CheckDefinition,
  FactRow,
  LocalCheckRow,
  LocalServiceRow,
  ProbeSpec,
  ProbeTls,
  Stamp,
} from '../model/types.ts';

type Content<Row extends Stamp> = Omit<Row, keyof Stamp>;
type FieldsOf<Kind extends ProbeSpec['kind']> = Omit<Extract<ProbeSpec, { kind: Kind }>, 'kind'>;

const tls = hasFields<ProbeTls>({ skipVerify: isBoolean, serverName: isText });
const isAddress = { address: isText, useTls: isBoolean, tls };

const PROBES: { readonly [Kind in ProbeSpec['kind']]: Shape } = {
  http: hasFields<FieldsOf<'http'>>({
    url: isText,
    method: isText,
    header: isMapOf(isListOf(isText)),
    body: isText,
    disableRedirects: isBoolean,
    tls,
  }),
  tcp: hasFields<FieldsOf<'tcp'>>(isAddress),
  udp: hasFields<FieldsOf<'udp'>>({ address: isText }),
  grpc: hasFields<FieldsOf<'grpc'>>({ target: isText, useTls: isBoolean, tls }),
  h2ping: hasFields<FieldsOf<'h2ping'>>(isAddress),
  script: hasFields<FieldsOf<'script'>>({ args: isListOf(isText) }),
  docker: hasFields<FieldsOf<'docker'>>({ containerId: isText, args: isListOf(isText), shell: isText }),
  'os-service': hasFields<FieldsOf<'os-service'>>({ service: isText }),
  alias: hasFields<FieldsOf<'alias'>>({ node: isText, serviceId: isText }),
  ttl: hasFields<FieldsOf<'ttl'>>({ ttlMs: isNumber }),
  none: hasFields<FieldsOf<'none'>>({}),
};

const isProbe: Shape = (value, path) => {
  const kind = (value as { kind?: unknown } | null | undefined)?.kind;
  if (typeof kind !== 'string' || !Object.hasOwn(PROBES, kind)) return `${path}.kind is no kind of check`;
  return PROBES[kind as ProbeSpec['kind']](value, path);
};

const isCheckDefinition = hasFields<CheckDefinition>({
  id: isText,
  name: isText,
  notes: isText,
  serviceId: isText,
  serviceName: orNull(isText),
  initialStatus: isCheckStatus,
  probe: isProbe,
  intervalMs: isNumber,
  timeoutMs: isNumber,
  successBeforePassing: isNumber,
  failuresBeforeWarning: isNumber,
  failuresBeforeCritical: isNumber,
  outputMaxBytes: isNumber,
  deregisterCriticalServiceAfterMs: isNumber,
});

const isSource = isOneOf('api', 'config', 'agent');

export const LOCAL_ROW_SHAPES = {
  localServices: hasFields<Content<LocalServiceRow>>({
    definition: isServiceDefinition,
    source: isSource,
    token: orNull(isText),
  }),
  localChecks: hasFields<Content<LocalCheckRow>>({
    definition: isCheckDefinition,
    source: isSource,
    token: orNull(isText),
    status: isCheckStatus,
    output: isText,
    sinceMs: isNumber,
    ttlDeadlineMs: isNumber,
  }),
  facts: hasFields<Content<FactRow>>({ name: isText, value: isText }),
} as const;
