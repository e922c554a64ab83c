/** Templates of links to dashboards: web addresses, with names that are filled in. */
import { expect, test } from 'vitest';
import { loadConfig } from '../../../../src/agent/config/load-config.ts';

const load = (templates: object) =>
  loadConfig({
    isDev: true,
    paths: [],
    format: undefined,
    flags: [],
    fragments: [JSON.stringify({ ui_config: { dashboard_url_templates: templates } })],
    env: {},
  });

test('a template of Consul is taken as it is', async () => {
  const service = 'https://grafana.example/d/x?var-service={{Service.Name}}&var-dc={{Datacenter}}';
  const { config } = await load({ service });
  expect(config['ui_config.dashboard_url_templates']).toEqual({ service });
});

test.each([
  ['javascript:alert("{{Service.Name}}")', 'must begin with http:// or https://'],
  ['data:text/html,x', 'must begin with'],
  ['{{Service.Name}}', 'must begin with'],
  ['https://', 'must begin with'],
  ['https://x/{{Service.Secret}}', 'not {{Service.Secret}}'],
])('%s is refused', async (service, why) => {
  await expect(load({ service })).rejects.toThrow(why);
});

test('templates for anything but services are refused by name', async () => {
  await expect(load({ node: 'https://x/' })).rejects.toThrow('has templates for service, not for "node"');
});
