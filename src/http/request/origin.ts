/**
 * The parts as one request gets them: what it changes is done in its name, so that the history can say who it was.
 *
 * The pipeline hands them to every operation that is not a read; no handler has to think of it.
 */
import type { Command } from '../../catalog/command.ts';
import { AppError } from '../../model/errors.ts';
import type { Origin } from '../../model/history-types.ts';
import type { Call } from '../call-and-reply.ts';
import type { HttpParts, LocalRegistrations } from '../http-parts.ts';

/** Asked when something is changed: who asks is known once the request was let in. */
type By = () => Origin;

/** Whoever is not known may still do what is open to everybody. */
function accessorOf(call: Call, parts: HttpParts): string | undefined {
  try {
    return parts.authorizerOf(call).accessorId;
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}

function originOf(call: Call, parts: HttpParts): Origin {
  const accessor = accessorOf(call, parts);
  const { remoteAddress: address } = call;
  return {
    agent: parts.nodeName,
    ...(accessor !== undefined && { accessor }),
    ...(address !== '' && { address }),
  };
}

function localInNameOf(local: LocalRegistrations, by: By): LocalRegistrations {
  return {
    services: () => local.services(),
    checks: () => local.checks(),
    refuseForbidden: (checks, source) => local.refuseForbidden(checks, source),
    registerService: (registration, options) => local.registerService(registration, { ...options, by: by() }),
    deregisterService: (id) => local.deregisterService(id, by()),
    registerCheck: (definition, registrant) => local.registerCheck(definition, registrant, by()),
    deregisterCheck: (id) => local.deregisterCheck(id, by()),
    updateTtl: (id, status, output) => local.updateTtl(id, status, output, by()),
    setServiceMaintenance: (id, isOn, reason) => local.setServiceMaintenance(id, isOn, reason, by()),
    setNodeMaintenance: (isOn, reason, _by, token) => local.setNodeMaintenance(isOn, reason, by(), token),
  };
}

/** The same parts; commands that are given to them carry who asks. */
export function inNameOf(call: Call, parts: HttpParts): HttpParts {
  const by = (): Origin => originOf(call, parts);
  const { writer, local } = parts;
  return {
    ...parts,
    local: localInNameOf(local, by),
    writer: {
      submit: <X extends Command>(command: X) => writer.submit<X>({ ...command, by: by() }),
      get depth() {
        return writer.depth;
      },
    },
  };
}
