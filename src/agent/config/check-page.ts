/**
 * What must hold for the options of the page: templates of links lead to web addresses, and name only what is filled in.
 *
 * A template that began with `javascript:`, or let a service's name say how it begins, would run in the page of whoever clicks.
 */
import { problem, type Rule } from './config-rule.ts';

const KEY = 'ui_config.dashboard_url_templates';
const KINDS: ReadonlySet<string> = new Set(['service']);
/** What stands between `{{` and `}}`, as in Consul; the page fills it in (ui/app/dashboard-link.ts). */
const VARIABLES: ReadonlySet<string> = new Set([
  'Service.Name',
  'Service.Namespace',
  'Service.Partition',
  'Datacenter',
]);

/** What is wrong with a template; undefined when nothing is. */
function templateFault(template: string): string | undefined {
  const filled = template.replace(/\{\{\s*([^{}]*?)\s*\}\}/g, 'x');
  if (!/^https?:\/\/./.test(template) || !URL.canParse(filled)) return 'must begin with http:// or https://';
  const names = [...template.matchAll(/\{\{\s*([^{}]*?)\s*\}\}/g)].map(([, name = '']) => name);
  const unknown = names.find((name) => !VARIABLES.has(name));
  if (unknown !== undefined) return `knows {{${[...VARIABLES].join('}}, {{')}}}, not {{${unknown}}}`;
  return undefined;
}

export const checkPage: Rule = (config) =>
  Object.entries(config[KEY]).flatMap(([kind, template]) => {
    if (!KINDS.has(kind)) return [problem(KEY, `has templates for service, not for ${JSON.stringify(kind)}`)];
    const fault = templateFault(template);
    return fault === undefined ? [] : [problem(KEY, `${kind}: ${JSON.stringify(template)} ${fault}`)];
  });
