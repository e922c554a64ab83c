/**
 * The programs that a member is made of: etcd, and `setpriv`, which has the kernel end etcd when the agent dies.
 *
 * A program that is missing, cannot be run or is too old is one clear line, with the package that brings it.
 */
import { spawn } from 'node:child_process';
import { AppError } from '../../model/errors.ts';

export interface MemberProgram {
  /** What to run, and what to put before its arguments. */
  readonly command: readonly string[];
  readonly version: string;
  /** Whether the kernel ends it with the agent. */
  readonly diesWithAgent: boolean;
}

/** Learners and progress on request came with 3.4. */
const OLDEST = { major: 3, minor: 4 };

const ASK_TIMEOUT_MS = 5_000;
const MAX_OUTPUT_CHARACTERS = 4_096;

interface Asked {
  /** undefined when it could not be run or did not end in time. */
  readonly status: number | undefined;
  readonly output: string;
  readonly error: NodeJS.ErrnoException | undefined;
}

/** Run a program that ends soon. Never rejects. */
function ask(command: readonly string[]): Promise<Asked> {
  const [program = '', ...args] = command;
  return new Promise((resolve) => {
    let output = '';
    // Not spawn's own time limit: where there is no such program its timer keeps the process alive.
    const signal = AbortSignal.timeout(ASK_TIMEOUT_MS);
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'], signal });
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (output.length < MAX_OUTPUT_CHARACTERS) output += text;
    });
    child.once('error', (error) => resolve({ status: undefined, output, error }));
    child.once('close', (status) => resolve({ status: status ?? undefined, output, error: undefined }));
  });
}

function cannotRun(program: string, { error, status }: Asked): AppError {
  if (error?.code === 'ENOENT') {
    const remedy = 'install it (Debian: apt-get install etcd-server) or name it in store.etcd.binary';
    return new AppError('config_invalid', `etcd: the program ${program} was not found; ${remedy}`);
  }
  const why = error === undefined ? `"${program} --version" ended with status ${status}` : error.message;
  return new AppError('config_invalid', `etcd: the program ${program} cannot be run: ${why}`);
}

/** The version in what `etcd --version` prints; undefined when there is none. */
function versionIn(output: string): string | undefined {
  return /^etcd Version: (\d+\.\d+\.\d+\S*)/m.exec(output)?.[1];
}

/** Whether learners and progress on request are there. */
function isRecentEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > OLDEST.major || (major === OLDEST.major && minor >= OLDEST.minor);
}

async function deathCommand(): Promise<readonly string[]> {
  const command = ['setpriv', '--pdeathsig', 'TERM'];
  const { status } = await ask([...command, 'true']);
  return status === 0 ? command : [];
}

/** Find etcd in PATH, or at a path. Throws `config_invalid` when it is missing, cannot be run, or is too old. */
export async function findMemberProgram(program: string): Promise<MemberProgram> {
  const asked = await ask([program, '--version']);
  if (asked.status !== 0) throw cannotRun(program, asked);
  const version = versionIn(asked.output);
  if (version === undefined)
    throw new AppError('config_invalid', `etcd: ${program} is no etcd: it does not say a version`);
  if (!isRecentEnough(version)) {
    const oldest = `${OLDEST.major}.${OLDEST.minor}`;
    throw new AppError(
      'config_invalid',
      `etcd: ${program} is version ${version}; ${oldest} or later is needed`,
    );
  }
  const death = await deathCommand();
  return { command: [...death, program], version, diesWithAgent: death.length > 0 };
}
