/** What an agent registers is written to the catalog with the token that registered it. */
import { expect, test } from 'vitest';
import { AccessControl } from '../../../src/agent/acl/access-control.ts';
import { AGENT_TOKENS } from '../../../src/agent/acl/acl-settings.ts';
import { beginCommand } from '../../../src/agent/acl/acl-term.ts';
import { AgentTokens } from '../../../src/agent/acl/agent-tokens.ts';
import { guardedCatalog } from '../../../src/agent/acl/guarded-catalog.ts';
import { tokenRowsOf } from '../../../src/agent/acl/token-rows.ts';
import type { LinkInput, TokenInput } from '../../../src/catalog/acl-command.ts';
import type { Command, RegisterCommand } from '../../../src/catalog/command.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import { NOT_ALLOWED } from '../../../src/local/catalog-port.ts';
import { NO_GRANTS } from '../../../src/model/acl-types.ts';
import { registerService, service } from '../../support/catalog.ts';
import { startLocal } from '../../support/local-agent.ts';

const NOTHING: TokenInput = {
  accessorId: '',
  secretId: '',
  description: '',
  ...NO_GRANTS,
  expirationTtlMs: 0,
};

async function rig() {
  const agent = await startLocal();
  const { state, writer, clock } = agent;
  const warned: object[] = [];
  const log = { ...silentLogger, warn: (fields: object) => void warned.push(fields) };
  const configured = Object.fromEntries(AGENT_TOKENS.map((kind) => [kind, ''])) as Record<
    (typeof AGENT_TOKENS)[number],
    string
  >;
  const tokens = new AgentTokens({ configured, file: undefined, log });
  await writer.submit(beginCommand(''));
  const control = new AccessControl({
    rows: tokenRowsOf(state.view, clock),
    tokens,
    datacenter: 'dc1',
    nodeName: 'n1',
    defaultAllows: false,
    log,
  });
  const grant = async (rules: string): Promise<string> => {
    const policy = { id: '', name: `p${state.index}`, description: '', rules, datacenters: [] };
    const { result } = await writer.submit({ kind: 'acl-policy-put', policy });
    const policies: readonly LinkInput[] = [{ id: result.id, name: '' }];
    const made = await writer.submit({ kind: 'acl-token-create', token: { ...NOTHING, policies } });
    return made.result.secretId;
  };
  const passed: Command[] = [];
  const port = guardedCatalog(
    {
      submit: async (command) => {
        passed.push(command);
        return writer.submit(command);
      },
      rowsOfNode: async () => ({ node: undefined, services: [], checks: [] }),
    },
    {
      control,
      tokens,
      view: state.view,
      agentState: agent.agentState,
      own: () => ({
        node: registerService('n1', service({ name: 'x' })).node,
        services: [],
        checks: [],
      }),
      log,
    },
  );
  const keep = (id: string, name: string, token: string, source: 'api' | 'config' = 'api') =>
    agent.agentState.writer.submit({
      kind: 'keep-service',
      definition: service({ id, name }),
      source,
      token,
    });
  const show = (id: string, name: string): RegisterCommand => ({
    ...registerService('n1', service({ id, name })),
    skipNodeUpdate: true,
  });
  return { ...agent, port, grant, keep, show, tokens, warned, passed };
}

test('each service goes with its own token; what that may not write is left out, with one warning that holds no secret', async () => {
  const { port, grant, keep, show, state, warned } = await rig();
  const web = await grant('service "web" { policy = "write" }');
  await keep('w', 'web', web);
  await keep('d', 'db', web);
  const both = port.submit({ kind: 'all', commands: [show('w', 'web'), show('d', 'db')] });
  expect(await both).toBe(NOT_ALLOWED);
  expect([...state.view.services.by('name', 'web')].map(({ id }) => id)).toContain('w');
  expect([...state.view.services.by('name', 'db')]).toEqual([]);
  expect(warned).toHaveLength(1);
  expect(JSON.stringify(warned)).not.toContain(web);
});

test('without a token of its own the default one counts, for files the one for files first', async () => {
  const { port, grant, keep, show, state, tokens } = await rig();
  await keep('a', 'api', '');
  await keep('f', 'filed', '', 'config');
  expect(await port.submit(show('a', 'api'))).toBe(NOT_ALLOWED);
  await tokens.set('default', await grant('service "api" { policy = "write" }'));
  await port.submit(show('a', 'api'));
  expect(await port.submit(show('f', 'filed'))).toBe(NOT_ALLOWED);
  await tokens.set('config', await grant('service "filed" { policy = "write" }'));
  await port.submit(show('f', 'filed'));
  expect([...state.view.services.values()].map(({ id }) => id)).toEqual(expect.arrayContaining(['a', 'f']));
});

test('a token that is gone writes nothing more', async () => {
  const { port, grant, keep, show, state, writer } = await rig();
  const web = await grant('service "web" { policy = "write" }');
  await keep('w', 'web', web);
  const [row] = state.view.aclTokens.by('secret', web);
  await writer.submit({ kind: 'acl-token-delete', accessorId: row?.accessorId ?? '' });
  expect(await port.submit(show('w', 'web'))).toBe(NOT_ALLOWED);
});

test('what nobody keeps any more is taken out with the agent token', async () => {
  const { port, grant, show, state, writer, tokens } = await rig();
  await writer.submit(show('old', 'old'));
  const remove: Command = { kind: 'deregister', node: 'n1', serviceId: 'old' };
  expect(await port.submit(remove)).toBe(NOT_ALLOWED);
  await tokens.set('agent', await grant('node "n1" { policy = "write" }'));
  await port.submit(remove);
  expect([...state.view.services.by('name', 'old')]).toEqual([]);
});
