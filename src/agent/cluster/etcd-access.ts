/**
 * How a server reaches its etcd: addresses, certificates, password.
 *
 * The etcd that it starts trusts whoever has the shared secret, so the certificate that other agents know this one by
 * serves there too; it lies in files beside etcd's data, which only this user may read, and is made anew at each start.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { Logger } from '../../lib/logger.ts';
import { systemErrorText } from '../../lib/system-error.ts';
import { AppError } from '../../model/errors.ts';
import type { TlsIdentity } from '../../rpc/tls-identity.ts';
import type { EtcdClientParts } from '../../store/etcd/etcd-client.ts';
import type { EtcdTls } from '../../store/etcd/grpc-session.ts';
import type { MemberSettings, MemberTls } from '../../store/etcd/member-options.ts';
import type { Config } from '../config/options.ts';

type EtcdAccess = Omit<EtcdClientParts, 'clock'>;

/** Write the identity into files for etcd, beside its data. Throws config_invalid when they cannot be written. */
export function memberTls({ dataDir }: MemberSettings, identity: TlsIdentity): MemberTls {
  const folder = path.join(dataDir, 'tls');
  const files = { certFile: 'cert.pem', keyFile: 'key.pem', caFile: 'ca.pem' } as const;
  const texts = { certFile: identity.certificate, keyFile: identity.key, caFile: identity.authorities };
  try {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    const write = (which: keyof typeof files): string => {
      const file = path.join(folder, files[which]);
      fs.writeFileSync(file, texts[which], { mode: 0o600 });
      return file;
    };
    return {
      certFile: write('certFile'),
      keyFile: write('keyFile'),
      caFile: write('caFile'),
      allowedName: identity.serverName,
    };
  } catch (cause) {
    const why = systemErrorText(cause);
    throw new AppError('config_invalid', `etcd: ${folder} cannot be written: ${why}`, { cause });
  }
}

/** Access to the etcd that this server starts. */
export function ownEtcd({ clientUrl }: MemberSettings, identity: TlsIdentity | undefined): EtcdAccess {
  if (identity === undefined) return { endpoints: [clientUrl] };
  const tls = (): EtcdTls => {
    const { certificate: cert, key, authorities: ca } = identity;
    return { ca, cert, key };
  };
  return { endpoints: [clientUrl], tls };
}

function readPem(key: string, file: string): string | undefined {
  if (file === '') return undefined;
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (cause) {
    const why = systemErrorText(cause);
    throw new AppError('config_invalid', `${key}: ${file} cannot be read: ${why}`, { cause });
  }
}

/** The files as they are now. Throws config_invalid for those that cannot be read or do not belong together. */
function readTls(config: Config): EtcdTls {
  const ca = readPem('store.etcd.ca_file', config['store.etcd.ca_file']);
  const cert = readPem('store.etcd.cert_file', config['store.etcd.cert_file']);
  const key = readPem('store.etcd.key_file', config['store.etcd.key_file']);
  if (cert !== undefined && key !== undefined) checkPair(cert, key);
  return { ...(ca !== undefined && { ca }), ...(cert !== undefined && key !== undefined && { cert, key }) };
}

function checkPair(cert: string, key: string): void {
  let isPair = false;
  try {
    isPair = new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch (cause) {
    const why = (cause as Error).message;
    throw new AppError('config_invalid', `store.etcd.cert_file, key_file: ${why}`, { cause });
  }
  if (!isPair)
    throw new AppError('config_invalid', 'store.etcd.key_file: is not the key of store.etcd.cert_file');
}

/**
 * Access to an etcd that somebody else runs. Certificates are read again for each connection; while their files cannot be read,
 * or one of them is being replaced, those of before are shown. Throws config_invalid when they cannot be read the first time.
 */
export function foreignEtcd(config: Config, log: Pick<Logger, 'warn'>): EtcdAccess {
  let last = readTls(config);
  let told = '';
  const tls = (): EtcdTls => {
    try {
      last = readTls(config);
      told = '';
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      if (error.message !== told)
        log.warn(
          { err: error },
          'the files of store.etcd.cert_file, key_file or ca_file cannot be read; the previous certificate stays in use',
        );
      told = error.message;
    }
    return last;
  };
  const { 'store.etcd.username': username, 'store.etcd.password': password } = config;
  return {
    endpoints: config['store.etcd.endpoints'],
    tls,
    ...(username !== '' && { credentials: { username, password } }),
  };
}
