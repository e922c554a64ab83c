/**
 * What an agent is known by to other agents, and a server to its etcd: certificates of files, the shared secret, or both.
 *
 * Between agents the files count where the configuration says that they shall, or where there is no secret; with both, both have to
 * be right. etcd looks for the address in the certificate of the server that it calls, which those made from the secret have, so
 * they come first there. Certificates of files are asked for at every use: a reload changes them.
 */
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { refuse } from '../model/errors.ts';
import type { TlsIdentity } from '../rpc/tls-identity.ts';
import type { Config } from './config/options.ts';
import type { Identity } from './identity.ts';
import type { Security } from './security.ts';

export interface PeerParts {
  readonly config: Config;
  readonly security: Security;
}

export interface PeerIdentities {
  /** Towards other agents; undefined where they know each other by nothing. */
  readonly rpc: TlsIdentity | undefined;
  /** Towards etcd, and of the etcd that a server starts. */
  readonly etcd: TlsIdentity | undefined;
}

/** The shared secret; undefined when there is none. */
function secretOf({ encrypt }: Pick<Config, 'encrypt'>): Buffer | undefined {
  return encrypt === '' ? undefined : Buffer.from(encrypt, 'base64');
}

function fromFiles({ config, security }: PeerParts, secret: Buffer | undefined): TlsIdentity {
  const { isServerNamed } = security.state.rpc;
  const domain = config.domain.replace(/\.$/, '');
  return {
    get certificate() {
      return security.state.rpc.material.certificate;
    },
    get key() {
      return security.state.rpc.material.key;
    },
    get authorities() {
      return security.state.rpc.material.authorities.join('\n');
    },
    serverName: isServerNamed ? `server.${config.datacenter}.${domain}` : undefined,
    secret,
    onChange: (listener) => security.onChange(listener),
  };
}

async function fromSecret(
  secret: Buffer,
  { advertiseAddress }: Identity,
  { bind_addr: bind, 'store.etcd.peer_host': peerHost }: Config,
): Promise<TlsIdentity> {
  const { identityFromSecret } = await import('../rpc/shared-secret.ts');
  const hosts = new Set([advertiseAddress, bind, '127.0.0.1', ...(peerHost === '' ? [] : [peerHost])]);
  return identityFromSecret(
    secret,
    [...hosts].map((value) => ({ type: isIP(value) > 0 ? ('ip' as const) : ('dns' as const), value })),
  );
}

function requireServerName({ certificate, serverName }: TlsIdentity): void {
  if (serverName === undefined || new X509Certificate(certificate).checkHost(serverName) !== undefined)
    return;
  refuse(
    'config_invalid',
    `verify_server_hostname: the certificate of this server is not for ${serverName}; rollcall tls cert create -server makes one`,
  );
}

function requireAddresses({ certificate }: TlsIdentity, addresses: Iterable<string>): void {
  const read = new X509Certificate(certificate);
  const missing = [...new Set(addresses)].find(
    (address) => (isIP(address) > 0 ? read.checkIP(address) : read.checkHost(address)) === undefined,
  );
  if (missing === undefined) return;
  refuse(
    'config_invalid',
    `cert_file: etcd needs the address ${missing} in the certificate of this server: make it with -additional-ipaddress ${missing}, or give all agents the same encrypt`,
  );
}

/** What this agent is known by. Rejects with config_invalid when its files do not do what was asked for. */
export async function peerIdentities(parts: PeerParts, identity: Identity): Promise<PeerIdentities> {
  const { config, security } = parts;
  const { isAsked, material } = security.state.rpc;
  const secret = secretOf(config);
  const hasFiles = material.certificate !== '' && material.authorities.length > 0;
  if (isAsked && !hasFiles)
    return refuse(
      'config_invalid',
      'cert_file, key_file and ca_file: agents can only be known by certificates where each has one of an authority',
    );
  const ofSecret = secret && (await fromSecret(secret, identity, config));
  if (!hasFiles || (secret !== undefined && !isAsked)) return { rpc: ofSecret, etcd: ofSecret };
  const ofFiles = fromFiles(parts, secret);
  if (config.server) requireServerName(ofFiles);
  return { rpc: ofFiles, etcd: ofSecret ?? ofFiles };
}

/** Throws config_invalid when a certificate of files cannot be that of an etcd with these addresses. */
export function requireEtcdAddresses(etcd: TlsIdentity | undefined, addresses: Iterable<string>): void {
  if (etcd?.onChange !== undefined) requireAddresses(etcd, addresses);
}
