/**
 * Rules that nobody wrote: those of service and node identities, and of the built-in templates, as the text that a person
 * would have written. Names are put in as quoted texts, so that no name can say more than a name.
 */
import type { NodeIdentity, ServiceIdentity, TemplatedPolicy } from '../model/acl-types.ts';

const rule = (resource: string, name: string, policy: string): string =>
  `${resource} ${JSON.stringify(name)} {\n  policy = "${policy}"\n}`;

const serviceRules = (name: string): string =>
  [
    rule('service', name, 'write'),
    rule('service', `${name}-sidecar-proxy`, 'write'),
    rule('service_prefix', '', 'read'),
    rule('node_prefix', '', 'read'),
  ].join('\n');

const nodeRules = (name: string): string =>
  [rule('node', name, 'write'), rule('service_prefix', '', 'read')].join('\n');

/** A template of rules: what it is for, and the text that it makes of a name. */
interface Template {
  readonly id: string;
  readonly about: string;
  /** A name must be given. */
  readonly takesName: boolean;
  readonly rules: (name: string) => string;
}

/** Templates by name, as in Consul since 1.17. */
export const TEMPLATES: Readonly<Record<string, Template>> = {
  'builtin/service': {
    id: '00000000-0000-0000-0000-000000000003',
    about:
      'Gives the token or role permissions to register a service and discover services in the Consul catalog.',
    takesName: true,
    rules: serviceRules,
  },
  'builtin/node': {
    id: '00000000-0000-0000-0000-000000000004',
    about: 'Gives the token or role permissions for a register an agent/node into the catalog.',
    takesName: true,
    rules: nodeRules,
  },
  'builtin/dns': {
    id: '00000000-0000-0000-0000-000000000005',
    about: 'Gives the token or role permissions for the Consul DNS to query services in the network.',
    takesName: false,
    rules: () =>
      [
        rule('node_prefix', '', 'read'),
        rule('service_prefix', '', 'read'),
        rule('query_prefix', '', 'read'),
      ].join('\n'),
  },
  'builtin/nomad-server': {
    id: '00000000-0000-0000-0000-000000000006',
    about: 'Gives the token or role permissions required for integration with a nomad server.',
    takesName: false,
    rules: () =>
      [
        'acl = "write"',
        rule('agent_prefix', '', 'read'),
        rule('node_prefix', '', 'read'),
        rule('service_prefix', '', 'write'),
      ].join('\n'),
  },
  'builtin/workload-identity': {
    id: '00000000-0000-0000-0000-000000000007',
    about: 'Gives the token or role permissions for a specific workload identity.',
    takesName: true,
    rules: (name) => rule('identity', name, 'write'),
  },
  'builtin/nomad-client': {
    id: '00000000-0000-0000-0000-000000000008',
    about: 'Gives the token or role permissions required for integration with a nomad client.',
    takesName: false,
    rules: () =>
      [
        rule('agent_prefix', '', 'read'),
        rule('node_prefix', '', 'read'),
        rule('service_prefix', '', 'write'),
        rule('key_prefix', '', 'read'),
      ].join('\n'),
  },
};

/** A policy that stands for an identity. */
export interface SyntheticPolicy {
  readonly name: string;
  readonly rules: string;
}

const holdsIn = (datacenters: readonly string[], datacenter: string): boolean =>
  datacenters.length === 0 || datacenters.includes(datacenter);

interface Identities {
  readonly serviceIdentities: readonly ServiceIdentity[];
  readonly nodeIdentities: readonly NodeIdentity[];
  readonly templatedPolicies: readonly TemplatedPolicy[];
}

/** The policies that identities stand for in a datacenter; templates that are not known give nothing. */
export function identityPolicies(identities: Identities, datacenter: string): readonly SyntheticPolicy[] {
  const { serviceIdentities, nodeIdentities, templatedPolicies } = identities;
  return [
    ...serviceIdentities
      .filter(({ datacenters }) => holdsIn(datacenters, datacenter))
      .map(({ serviceName }) => ({
        name: `service identity ${serviceName}`,
        rules: serviceRules(serviceName),
      })),
    ...nodeIdentities
      .filter((identity) => identity.datacenter === datacenter)
      .map(({ nodeName }) => ({ name: `node identity ${nodeName}`, rules: nodeRules(nodeName) })),
    ...templatedPolicies
      .filter(({ datacenters }) => holdsIn(datacenters, datacenter))
      .flatMap(({ templateName, name }) => {
        const template = Object.hasOwn(TEMPLATES, templateName) ? TEMPLATES[templateName] : undefined;
        return template === undefined
          ? []
          : [{ name: `${templateName}${name === '' ? '' : `/${name}`}`, rules: template.rules(name) }];
      }),
  ];
}
