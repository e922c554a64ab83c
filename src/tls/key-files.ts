/**
 * Certificates, keys and authorities from files, looked at before anybody relies on them.
 *
 * A file that is missing, holds no PEM or a key that does not belong to its certificate is refused by its name; nothing of
 * it is shown. A folder of authorities stands for every file in it, however deep.
 */
import { X509Certificate } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import tls from 'node:tls';
import { systemErrorText } from '../lib/system-error.ts';
import { refuse } from '../model/errors.ts';

/** Where they lie; '' for none. */
export interface KeyFiles {
  readonly certFile: string;
  readonly keyFile: string;
  readonly caFile: string;
  readonly caPath: string;
}

/** What they hold, PEM. */
export interface KeyMaterial {
  /** The own certificate first, then those that lead to its authority; '' for none. */
  readonly certificate: string;
  readonly key: string;
  /** Each text may hold several. */
  readonly authorities: readonly string[];
}

const BLOCKS = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

async function readText(what: string, file: string): Promise<string> {
  try {
    return await fs.readFile(file, 'utf8');
  } catch (cause) {
    return refuse('config_invalid', `${what}: ${file} cannot be read: ${systemErrorText(cause)}`, { cause });
  }
}

/** The certificates of a text. Throws config_invalid when there is none, or one that cannot be read. */
function certificatesIn(what: string, file: string, text: string): readonly X509Certificate[] {
  const blocks = text.match(BLOCKS);
  if (blocks === null) return refuse('config_invalid', `${what}: ${file} holds no certificate in PEM`);
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch (cause) {
    return refuse('config_invalid', `${what}: ${file} holds a certificate that cannot be read`, { cause });
  }
}

async function filesBelow(dir: string): Promise<readonly string[]> {
  try {
    const entries = await fs.readdir(dir, { withFileTypes: true, recursive: true });
    const files = entries.filter((entry) => !entry.isDirectory());
    return files.map((entry) => path.join(entry.parentPath, entry.name)).sort();
  } catch (cause) {
    return refuse('config_invalid', `ca_path: ${dir} cannot be read: ${systemErrorText(cause)}`, { cause });
  }
}

/** As in Consul, a file goes before a folder. */
async function readAuthorities({ caFile, caPath }: KeyFiles): Promise<readonly string[]> {
  const isFile = caFile !== '';
  const files = isFile ? [caFile] : caPath === '' ? [] : await filesBelow(caPath);
  const what = isFile ? 'ca_file' : 'ca_path';
  if (!isFile && caPath !== '' && files.length === 0)
    return refuse('config_invalid', `ca_path: ${caPath} holds no file`);
  return Promise.all(
    files.map(async (file) => {
      const text = await readText(what, file);
      certificatesIn(what, file, text);
      return text;
    }),
  );
}

/** Read and look at them. Rejects with config_invalid naming the option and the file. */
export async function readKeyFiles(files: KeyFiles): Promise<KeyMaterial> {
  const { certFile, keyFile } = files;
  const authorities = await readAuthorities(files);
  if (certFile === '' && keyFile === '') return { certificate: '', key: '', authorities };
  if (certFile === '')
    return refuse('config_invalid', `cert_file: is missing, though key_file is ${keyFile}`);
  if (keyFile === '')
    return refuse('config_invalid', `key_file: is missing, though cert_file is ${certFile}`);
  const certificate = await readText('cert_file', certFile);
  certificatesIn('cert_file', certFile, certificate);
  const key = await readText('key_file', keyFile);
  try {
    tls.createSecureContext({ cert: certificate, key });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.replace(/^error:\w+:[^:]*:[^:]*:/, '') : String(cause);
    return refuse('config_invalid', `key_file: ${keyFile} does not go with cert_file ${certFile}: ${why}`, {
      cause,
    });
  }
  return { certificate, key, authorities };
}

/** When the first of the certificates ends, ms since 1970; undefined without any. */
export function endOfCertificate({ certificate }: Pick<KeyMaterial, 'certificate'>): number | undefined {
  const ends = (certificate.match(BLOCKS) ?? []).map((block) =>
    Date.parse(new X509Certificate(block).validTo),
  );
  return ends.length === 0 ? undefined : Math.min(...ends);
}
