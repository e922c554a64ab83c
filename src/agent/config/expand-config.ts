/**
 * Templates in a merged configuration: address templates in the options that hold addresses, `{{ env … }}` in any string of
 * a definition.
 *
 * The machine's addresses are read only when a template is there to need them.
 */
import { AppError } from '../../model/errors.ts';
import { expandAddressTemplate, expandEnvTemplate, type TemplateWorld } from './address-template.ts';
import { type Config, OPTION_KEYS, OPTIONS } from './options.ts';

/** Options whose texts are addresses. */
const ADDRESS_LISTS = new Set<string>(['recursors']);

function expandText(key: string, text: string, world: () => TemplateWorld): string {
  if (!text.includes('{{')) return text;
  try {
    const expanded = expandAddressTemplate(text, world()).trim();
    if (expanded === '') throw new AppError('config_invalid', 'found no address on this machine');
    return expanded;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw new AppError('config_invalid', `${key}: ${text}: ${error.message}`, { cause: error });
  }
}

function expandValue(key: string, value: unknown, world: () => TemplateWorld): unknown {
  if (typeof value === 'string') return expandText(key, value, world);
  return (value as readonly string[]).flatMap((text) => expandText(key, text, world).split(/\s+/));
}

/** The configuration with its address templates replaced. Throws AppError config_invalid naming the option. */
export function expandAddresses(config: Config, world: () => TemplateWorld): Config {
  const expanded = OPTION_KEYS.filter(
    (key) => ['address', 'addresses'].includes(OPTIONS[key].kind) || ADDRESS_LISTS.has(key),
  ).map((key) => [key, expandValue(key, config[key], world)] as const);
  return Object.freeze({ ...config, ...(Object.fromEntries(expanded) as Partial<Config>) });
}

/** A definition with `{{ env … }}` replaced in every string, keys left as they are. Throws AppError config_invalid. */
export function expandDefinition(document: unknown, env: TemplateWorld['env']): unknown {
  if (typeof document === 'string')
    return document.includes('{{') ? expandEnvTemplate(document, env) : document;
  if (Array.isArray(document)) return document.map((item) => expandDefinition(item, env));
  if (typeof document !== 'object' || document === null) return document;
  return Object.fromEntries(
    Object.entries(document).map(([key, value]) => [key, expandDefinition(value, env)]),
  );
}
