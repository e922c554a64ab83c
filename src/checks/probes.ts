/**
 * One probe for each kind of check, loaded when the first check of that kind runs.
 *
 * Some probes stand on large modules (HTTP/2); an agent without such checks never pays for them. A new kind is a file in
 * checks/kinds and a row here.
 */
import type { PolledKind, Probe, Probes } from './check.ts';
import { type CheckIdentity, createDial } from './dial.ts';

/** A probe that loads itself at its first run. */
function lazily<Kind extends PolledKind>(load: () => Promise<Probe<Kind>>): Probe<Kind> {
  let loading: Promise<Probe<Kind>> | undefined;
  return async (spec, limits) => {
    loading ??= load();
    return (await loading)(spec, limits);
  };
}

/** The probes of this agent. They share one dialer. */
export function makeProbes(identityNow: () => CheckIdentity | undefined): Probes {
  const dial = createDial(identityNow);
  return {
    http: lazily(async () => (await import('./kinds/http-probe.ts')).httpProbe(dial)),
    tcp: lazily(async () => (await import('./kinds/tcp-probe.ts')).tcpProbe(dial)),
    udp: lazily(async () => (await import('./kinds/udp-probe.ts')).udpProbe()),
    grpc: lazily(async () => (await import('./kinds/grpc-probe.ts')).grpcProbe(dial)),
    h2ping: lazily(async () => (await import('./kinds/h2ping-probe.ts')).h2pingProbe(dial)),
    script: lazily(async () => (await import('./kinds/script-probe.ts')).scriptProbe()),
    docker: lazily(async () =>
      (await import('./kinds/docker-probe.ts')).dockerProbe(process.env['DOCKER_HOST']),
    ),
    'os-service': lazily(async () => (await import('./kinds/os-service-probe.ts')).osServiceProbe()),
  };
}
