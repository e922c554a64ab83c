/**
 * What the options of TLS mean for one interface: its own value where it has one, else that of `tls.defaults`.
 *
 * Refuses, with Consul's texts, what would leave an interface less protected than was asked for.
 */
import fs from 'node:fs';
import { refuse } from '../model/errors.ts';
import { cipherList, TLS_VERSIONS, type TlsVersion } from '../tls/cipher-suites.ts';
import { type KeyFiles, type KeyMaterial, readKeyFiles } from '../tls/key-files.ts';
import type { SecureSettings } from '../tls/secure-gate.ts';
import type { Config, OptionKey } from './config/options.ts';

/** The configuration, and whether an option was set in it at all. */
export interface SecureConfig {
  readonly config: Config;
  readonly sources: ReadonlyMap<OptionKey, string>;
}

/** The option of an interface, and the one that counts where it is not set. */
const HTTPS = {
  certFile: ['tls.https.cert_file', 'tls.defaults.cert_file'],
  keyFile: ['tls.https.key_file', 'tls.defaults.key_file'],
  caFile: ['tls.https.ca_file', 'tls.defaults.ca_file'],
  caPath: ['tls.https.ca_path', 'tls.defaults.ca_path'],
  verifyIncoming: ['tls.https.verify_incoming', 'tls.defaults.verify_incoming'],
  verifyOutgoing: ['tls.https.verify_outgoing', 'tls.defaults.verify_outgoing'],
  minVersion: ['tls.https.tls_min_version', 'tls.defaults.tls_min_version'],
  cipherSuites: ['tls.https.tls_cipher_suites', 'tls.defaults.tls_cipher_suites'],
} as const;

/** Between agents TLS 1.3 is spoken, whatever the oldest version and the suites are. */
const RPC = {
  certFile: ['tls.internal_rpc.cert_file', 'tls.defaults.cert_file'],
  keyFile: ['tls.internal_rpc.key_file', 'tls.defaults.key_file'],
  caFile: ['tls.internal_rpc.ca_file', 'tls.defaults.ca_file'],
  caPath: ['tls.internal_rpc.ca_path', 'tls.defaults.ca_path'],
  verifyIncoming: ['tls.internal_rpc.verify_incoming', 'tls.defaults.verify_incoming'],
  verifyOutgoing: ['tls.internal_rpc.verify_outgoing', 'tls.defaults.verify_outgoing'],
} as const;

const VERSIONS: Readonly<Record<string, TlsVersion>> = {
  TLSv1_0: 'TLSv1',
  TLSv1_1: 'TLSv1.1',
  TLSv1_2: 'TLSv1.2',
  TLSv1_3: 'TLSv1.3',
  tls10: 'TLSv1',
  tls11: 'TLSv1.1',
  tls12: 'TLSv1.2',
  tls13: 'TLSv1.3',
};

function own<K extends OptionKey>(
  { config, sources }: SecureConfig,
  [key, fallback]: readonly [K, K],
): Config[K] {
  return config[sources.has(key) ? key : fallback];
}

function versionOf(text: string): TlsVersion {
  return VERSIONS[text] ?? TLS_VERSIONS[2];
}

/** The options of an interface, files not read yet. */
export interface InterfacePlan extends Omit<SecureSettings, 'material'> {
  readonly files: KeyFiles;
}

function requireKeys({ files, verifyIncoming }: Pick<InterfacePlan, 'files' | 'verifyIncoming'>): void {
  const { certFile, keyFile, caFile, caPath } = files;
  if (!verifyIncoming) return;
  if (caFile === '' && caPath === '')
    refuse('config_invalid', 'VerifyIncoming set but no CA certificates were provided');
  if (certFile === '' || keyFile === '')
    refuse(
      'config_invalid',
      'VerifyIncoming requires either a Cert and Key pair in the configuration file, or auto_encrypt/auto_config be enabled',
    );
}

function filesOf(from: SecureConfig, keys: typeof HTTPS | typeof RPC): KeyFiles {
  return {
    certFile: own<OptionKey & `tls.${string}cert_file`>(from, keys.certFile),
    keyFile: own<OptionKey & `tls.${string}key_file`>(from, keys.keyFile),
    caFile: own<OptionKey & `tls.${string}ca_file`>(from, keys.caFile),
    caPath: own<OptionKey & `tls.${string}ca_path`>(from, keys.caPath),
  };
}

/** What HTTPS is to be like. Throws config_invalid for what contradicts itself. */
export function httpsPlan(from: SecureConfig): InterfacePlan {
  const { config, sources } = from;
  const isOwnVerify = sources.has('tls.https.verify_incoming');
  const files = filesOf(from, HTTPS);
  const plan: InterfacePlan = {
    files,
    verifyIncoming: own(from, HTTPS.verifyIncoming) || (!isOwnVerify && config.verify_incoming_https),
    minVersion: versionOf(own(from, HTTPS.minVersion)),
    cipherSuites: own(from, HTTPS.cipherSuites),
  };
  requireKeys(plan);
  cipherList(plan.cipherSuites, plan.minVersion);
  if (own(from, HTTPS.verifyOutgoing) && files.caFile === '' && files.caPath === '')
    refuse('config_invalid', 'VerifyOutgoing set, and no CA certificate provided!');
  const port = (['ports.https', 'ports.dns_tls'] as const).find((key) => config[key] >= 0);
  if (port !== undefined && files.certFile === '')
    refuse(
      'config_invalid',
      `${port}: needs a certificate; give cert_file and key_file (tls.defaults or tls.https)`,
    );
  return plan;
}

/** How agents are to know each other by certificates of files. */
interface RpcPlan {
  readonly files: KeyFiles;
  /** It was said that they shall; otherwise the shared secret is enough where there is one. */
  readonly isAsked: boolean;
  readonly isServerNamed: boolean;
}

/** Throws config_invalid for what contradicts itself. */
function rpcPlan(from: SecureConfig): RpcPlan {
  const { config, sources } = from;
  const files = filesOf(from, RPC);
  const isServerNamed = config['tls.internal_rpc.verify_server_hostname'];
  const isOutgoing = isServerNamed || own(from, RPC.verifyOutgoing);
  if (isOutgoing && files.caFile === '' && files.caPath === '')
    refuse('config_invalid', 'VerifyOutgoing set, and no CA certificate provided!');
  const isIncoming = own(from, RPC.verifyIncoming);
  if (isIncoming) requireKeys({ files, verifyIncoming: true });
  return {
    files,
    isServerNamed,
    isAsked: isOutgoing || isIncoming || sources.has('tls.internal_rpc.cert_file'),
  };
}

/** What the files for connections between agents hold, and whether they count. */
export interface RpcSecurity extends Omit<RpcPlan, 'files'> {
  /** Without a certificate or an authority they cannot count. */
  readonly material: KeyMaterial;
}

/** Everything of TLS that an agent has read. */
export interface SecureState {
  readonly https: SecureSettings;
  /** Resolvers have no certificates, and plain DNS asks for none. */
  readonly dns: SecureSettings;
  readonly rpc: RpcSecurity;
  /** Whether the agent's own watches look at the certificate of HTTPS, which is the agent's own. */
  readonly areWatchesStrict: boolean;
  /** Files and folders that were read, for whoever watches them. */
  readonly files: readonly string[];
  /** Files of keys that every user of the machine may read. */
  readonly exposed: readonly string[];
}

/** Those of these files that everybody may read. */
function exposedOf(files: readonly string[]): readonly string[] {
  const isExposed = (file: string): boolean =>
    ((fs.statSync(file, { throwIfNoEntry: false })?.mode ?? 0) & 0o004) !== 0;
  return [...new Set(files)].filter((file) => file !== '' && isExposed(file));
}

/** Read what the configuration names. Rejects with config_invalid naming option and file; nothing has changed then. */
export async function readSecureState(from: SecureConfig): Promise<SecureState> {
  const { files, ...rest } = httpsPlan(from);
  const { files: rpcFiles, ...rpc } = rpcPlan(from);
  const https = { ...rest, material: await readKeyFiles(files) };
  const named = [...Object.values(files), ...Object.values(rpcFiles)].filter((file: string) => file !== '');
  return {
    https,
    dns: { ...https, verifyIncoming: false },
    rpc: { ...rpc, material: await readKeyFiles(rpcFiles) },
    files: [...new Set(named)],
    areWatchesStrict: own(from, HTTPS.verifyOutgoing),
    exposed: exposedOf([files.keyFile, rpcFiles.keyFile]),
  };
}
