/**
 * What the log says once about a configuration that was accepted.
 */
import fs from 'node:fs';
import { nearest } from '../../lib/nearest.ts';
import { SUBJECTS, type Subject } from './accepted-keys.ts';
import { type Environment, unknownText } from './collected.ts';
import { envOf } from './option-spec.ts';
import { type Config, OPTION_KEYS } from './options.ts';

export interface Remark {
  readonly level: 'info' | 'warn';
  readonly text: string;
}

/** Variables that look like an option and are none, for the log; ROLLCALL_HTTP_* belong to the client commands. */
function strangeVariables(env: Environment): readonly Remark[] {
  const known = new Set(OPTION_KEYS.map(envOf));
  return Object.keys(env)
    .filter((name) => name.startsWith('ROLLCALL_') && !known.has(name))
    .filter((name) => !/^ROLLCALL_(HTTP_|TOKEN|CLIENT_|CACERT|CAPATH|TLS_)/.test(name))
    .map((name) => {
      const neighbour = nearest(name, known);
      return { level: 'warn', text: unknownText('environment variable', name, neighbour) };
    });
}

const WARNED: ReadonlySet<Subject> = new Set(['safety']);

function remarksOnAccepted(accepted: ReadonlyMap<string, Subject>): readonly Remark[] {
  return (Object.keys(SUBJECTS) as Subject[]).flatMap((subject) => {
    const keys = [...accepted].filter(([, its]) => its === subject).map(([key]) => key);
    if (keys.length === 0) return [];
    const text = `accepted, but ${SUBJECTS[subject]}: ${keys.join(', ')}`;
    return [{ level: WARNED.has(subject) ? 'warn' : 'info', text } as const];
  });
}

/** An agent of Consul that is no server hands everything on to servers, and waits for them; one without any holds its own. */
function remarkOnClient({ server, start_join: now, retry_join: again }: Config): readonly Remark[] {
  if (server || now.length + again.length > 0) return [];
  return [
    {
      level: 'info',
      text: 'without -server and without anybody to join this agent holds the catalog itself',
    },
  ];
}

/** Accepted, as Consul does. */
function remarkOnName({ node_name: name }: Config): readonly Remark[] {
  if (name === '' || /^[a-zA-Z0-9._-]+$/.test(name)) return [];
  const text = `node_name: ${JSON.stringify(name)} is no host name, so resolvers may refuse to ask for it; use letters, digits and dashes`;
  return [{ level: 'warn', text }];
}

function remarkOnPage({ 'ui_config.dir': dir }: Config): readonly Remark[] {
  if (dir === '' || fs.existsSync(dir)) return [];
  return [{ level: 'warn', text: `ui_config.dir: ${dir} does not exist, so there is no page` }];
}

export interface Remarkable {
  readonly config: Config;
  readonly env: Environment;
  readonly accepted: ReadonlyMap<string, Subject>;
  /** Files that were left out, one sentence each. */
  readonly skipped: readonly string[];
  /** JSON files with comments. */
  readonly commented: readonly string[];
}

/** All remarks, in the order in which they are logged. */
export function remarksOn({ config, env, accepted, skipped, commented }: Remarkable): readonly Remark[] {
  return [
    ...skipped.map((text) => ({ level: 'warn' as const, text })),
    ...commented.map((file) => ({ level: 'info' as const, text: `${file}: comments in JSON were skipped` })),
    ...remarksOnAccepted(accepted),
    ...strangeVariables(env),
    ...remarkOnClient(config),
    ...remarkOnName(config),
    ...remarkOnPage(config),
  ];
}
