/**
 * The manual page rollcall(1) in roff, made from the command table.
 */
import type { NamedCommand } from './command-spec.ts';
import { flagsOf } from './help.ts';

/** Text as roff takes it: dashes are dashes, no line begins with a control character. */
function roff(text: string): string {
  return text
    .replaceAll('…', '...')
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/gm, '\\&$1');
}

function section({ name, command }: NamedCommand): string {
  const usage = `rollcall ${name} [options] ${command.args ?? ''}`.trim();
  const flags = flagsOf(command)
    .filter((flag) => command.flags.includes(flag))
    .map(
      ({ name: flag, value, doc }) =>
        `.TP\n.B ${roff(`-${flag}${value === undefined ? '' : `=${value}`}`)}\n${roff(doc)}`,
    );
  const examples = command.examples.map((example) => `.RS\n${roff(`$ ${example}`)}\n.RE`);
  return [
    `.SS ${roff(usage)}`,
    roff(command.description ?? command.summary),
    ...flags,
    ...(command.isClient ? ['.PP\nAlso takes the client options below.'] : []),
    ...examples,
  ].join('\n');
}

/** The page. `version` is that of the package. */
export function manPage(
  commands: readonly NamedCommand[],
  clientFlags: NamedCommand['command']['flags'],
  version: string,
): string {
  const options = clientFlags.map(
    ({ name, value, doc }) =>
      `.TP\n.B ${roff(`-${name}${value === undefined ? '' : `=${value}`}`)}\n${roff(doc)}`,
  );
  return `${[
    `.TH ROLLCALL 1 "" "rollcall ${version}" "User Commands"`,
    '.SH NAME',
    'rollcall \\- service discovery over DNS and HTTP',
    '.SH SYNOPSIS',
    '.B rollcall',
    '.I command',
    '[options] [arguments]',
    '.SH DESCRIPTION',
    'Keeps a catalog of services and their health, and answers from it over DNS and HTTP. Flags take one dash or two, and',
    '= or a space before their value.',
    '.SH COMMANDS',
    ...commands.map(section),
    '.SH CLIENT OPTIONS',
    ...options,
    '.SH ENVIRONMENT',
    'ROLLCALL_HTTP_ADDR, ROLLCALL_HTTP_TOKEN, ROLLCALL_HTTP_TOKEN_FILE, ROLLCALL_HTTP_AUTH, ROLLCALL_HTTP_SSL,',
    'ROLLCALL_HTTP_SSL_VERIFY, ROLLCALL_CACERT, ROLLCALL_CAPATH, ROLLCALL_CLIENT_CERT, ROLLCALL_CLIENT_KEY,',
    'ROLLCALL_TLS_SERVER_NAME, and the same names that begin with CONSUL_. Every option of the agent can be set by a',
    'variable too: ports.http is ROLLCALL_PORTS_HTTP.',
    '.SH EXIT STATUS',
    '0: done. 1: refused or failed. 127: no such command. Others as the command says.',
    '.SH SIGNALS',
    'SIGTERM and SIGINT end the agent in good order, a second one at once. SIGHUP reloads its configuration. SIGUSR2 goes on',
    'in a new log file.',
  ].join('\n')}\n`;
}
