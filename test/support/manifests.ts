/**
 * Documents of Kubernetes manifests, held strictly against the API: the compiler refuses a field that its types do not have, one
 * that is missing, and a value of another kind, as `kubectl apply` does with the API server.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseAllDocuments } from 'yaml';
import { repositoryDir } from './source-files.ts';

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: unknown;
}

/** Documents of a YAML text; throws for what is no YAML or says a key twice. */
export function manifestsOf(text: string): readonly Manifest[] {
  return parseAllDocuments(text).flatMap((document) => {
    const [error] = [...document.errors, ...document.warnings];
    if (error !== undefined) throw error;
    return (document.toJS() as Manifest | null) ?? [];
  });
}

/** `apps/v1` → the module that has its types; the core group has no name. */
function moduleOf(apiVersion: string): string {
  const [group = '', version] = apiVersion.includes('/') ? apiVersion.split('/') : ['core', apiVersion];
  return `kubernetes-types/${group.replace(/\..*$/, '')}/${version}`;
}

/** What the compiler has to say against them, a line each; none for documents that are well. */
export function faultsOf(manifests: readonly Manifest[]): readonly string[] {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-manifests-'));
  fs.symlinkSync(path.join(repositoryDir, 'node_modules'), path.join(dir, 'node_modules'));
  const lines = manifests.map(
    (manifest, i) =>
      `export const _${i}_${manifest.metadata.name.replaceAll(/\W/g, '_')}: import(${JSON.stringify(moduleOf(manifest.apiVersion))}).${manifest.kind} = ${JSON.stringify(manifest)};`,
  );
  fs.writeFileSync(path.join(dir, 'manifests.ts'), lines.join('\n'));
  const flags = ['--noEmit', '--strict', '--module', 'esnext', '--moduleResolution', 'bundler', '--pretty'];
  const tsc = path.join(repositoryDir, 'node_modules/.bin/tsc');
  const { stdout, status } = spawnSync(tsc, [...flags, 'false', '--types', '', 'manifests.ts'], {
    cwd: dir,
    encoding: 'utf8',
  });
  fs.rmSync(dir, { recursive: true });
  const faults = stdout.split('\n').filter((line) => line.includes('error TS'));
  if (status !== 0 && faults.length === 0) throw new Error(`tsc: ${stdout}`);
  return faults;
}
