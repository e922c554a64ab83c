/**
 * Where the dashboard of a service is: the agent's template with the service's name in it. Pure.
 *
 * Values are escaped, so that a name stays a name; what is no web address in the end is no link.
 */
import type { AgentSelf } from '../api/shapes.ts';

/** The address for a service; undefined where there is no template, or it makes no web address. */
export function dashboardOf(
  template: string,
  service: string,
  self: AgentSelf | undefined,
): string | undefined {
  const values: Readonly<Record<string, string>> = {
    'Service.Name': service,
    'Service.Namespace': 'default',
    'Service.Partition': 'default',
    Datacenter: self?.Config.Datacenter ?? '',
  };
  const address = template.replace(/\{\{\s*([^{}]*?)\s*\}\}/g, (_, name: string) =>
    encodeURIComponent(values[name] ?? ''),
  );
  const isWeb = URL.canParse(address) && /^https?:$/.test(new URL(address).protocol);
  return isWeb ? address : undefined;
}
