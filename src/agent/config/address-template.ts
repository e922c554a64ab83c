/**
 * Address templates: `{{ GetPrivateIP }}`, `{{ GetInterfaceIP "eth0" }}`, `{{ GetAllInterfaces | include "network" "10.0.0.0/8" |
 * attr "address" }}`, `{{ env "POD_IP" }}`.
 *
 * A subset of go-sockaddr's language, the part that people write: sources, filters and ends of the tables below; anything
 * else is refused by name. The addresses of the machine and its environment come in as arguments.
 */
import { hintOf } from '../../lib/nearest.ts';
import { refuse } from '../../model/errors.ts';
import { isInNetwork, isInRfc, isPrivateAddress, isPublicAddress } from './address-ranges.ts';
import type { InterfaceAddress } from './machine-addresses.ts';

export interface TemplateWorld {
  readonly addresses: readonly InterfaceAddress[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

type Addresses = readonly InterfaceAddress[];
type Args = readonly string[];

const isForwardable = ({ address, isLoopback }: InterfaceAddress): boolean =>
  !isLoopback && !isInRfc(address, '3927') && !isInRfc(address, '4291');
const isPrivate = (one: InterfaceAddress): boolean =>
  one.isDefault && isForwardable(one) && isPrivateAddress(one.address);
const isPublic = (one: InterfaceAddress): boolean =>
  one.isDefault && isForwardable(one) && isPublicAddress(one.address);
const texts = (addresses: Addresses): readonly string[] => addresses.map(({ address }) => address);
const first = (addresses: Addresses): string => addresses[0]?.address ?? '';

/** IPv4 before IPv6, as go-sockaddr orders by type. */
const byType = (addresses: Addresses): Addresses =>
  addresses.toSorted((a, b) => a.family.localeCompare(b.family));

function named(addresses: Addresses, name: string): Addresses {
  return byType(addresses.filter((one) => new RegExp(`^(?:${name})$`).test(one.name)));
}

type Source = (addresses: Addresses, args: Args, env: TemplateWorld['env']) => Addresses | string;

function envText(env: TemplateWorld['env'], name: string): string {
  return env[name] ?? refuse('config_invalid', `environment variable ${name} is not set`);
}

const SOURCES: Readonly<Record<string, Source>> = {
  GetAllInterfaces: (all) => all,
  GetDefaultInterfaces: (all) => byType(all.filter(({ isDefault }) => isDefault)),
  GetPrivateInterfaces: (all) => byType(all.filter(isPrivate)),
  GetPublicInterfaces: (all) => byType(all.filter(isPublic)),
  GetPrivateIP: (all) => first(byType(all.filter(isPrivate))),
  GetPrivateIPs: (all) => texts(byType(all.filter(isPrivate))).join(' '),
  GetPublicIP: (all) => first(byType(all.filter(isPublic))),
  GetPublicIPs: (all) => texts(byType(all.filter(isPublic))).join(' '),
  GetInterfaceIP: (all, [name = '']) => first(named(all, name)),
  GetInterfaceIPs: (all, [name = '']) => texts(named(all, name)).join(' '),
  env: (_all, [name = ''], env) => envText(env, name),
  envOrDefault: (_all, [name = '', otherwise = ''], env) => env[name] ?? otherwise,
};

const FLAGS: Readonly<Record<string, (one: InterfaceAddress) => boolean>> = {
  loopback: ({ isLoopback }) => isLoopback,
  up: () => true,
  forwardable: isForwardable,
  'global unicast': isForwardable,
  private: ({ address }) => isPrivateAddress(address),
  public: ({ address }) => isPublicAddress(address),
};

const SELECTORS: Readonly<Record<string, (one: InterfaceAddress, wanted: string) => boolean>> = {
  name: (one, wanted) => new RegExp(wanted).test(one.name),
  address: (one, wanted) => new RegExp(wanted).test(one.address),
  type: (one, wanted) => wanted.toLowerCase() === one.family.toLowerCase() || wanted.toLowerCase() === 'ip',
  network: (one, wanted) => isInNetwork(one.address, wanted),
  rfc: (one, wanted) => isInRfc(one.address, wanted),
  flag: (one, wanted) => FLAGS[wanted]?.(one) ?? false,
  flags: (one, wanted) => wanted.split('|').every((flag) => FLAGS[flag]?.(one) ?? false),
  size: (one, wanted) => one.prefix === Number(wanted),
};

function select(addresses: Addresses, [selector = '', wanted = '']: Args, isKept: boolean): Addresses {
  const matches =
    SELECTORS[selector] ?? refuse('config_invalid', unknownWord('selector', selector, SELECTORS));
  return addresses.filter((one) => wanted.split('|').some((part) => matches(one, part)) === isKept);
}

const ORDERS: Readonly<Record<string, (a: InterfaceAddress, b: InterfaceAddress) => number>> = {
  address: (a, b) => a.address.localeCompare(b.address, 'en', { numeric: true }),
  default: (a, b) => Number(b.isDefault) - Number(a.isDefault),
  name: (a, b) => a.name.localeCompare(b.name),
  private: (a, b) => Number(isPrivateAddress(b.address)) - Number(isPrivateAddress(a.address)),
  size: (a, b) => a.prefix - b.prefix,
  type: (a, b) => a.family.localeCompare(b.family),
};

/** `sort "default,-size"`: the first key is the most important one. */
function sort(addresses: Addresses, [keys = '']: Args): Addresses {
  const orders = keys.split(',').map((key) => {
    const name = key.replace(/^[+-]/, '');
    const order = ORDERS[name] ?? refuse('config_invalid', unknownWord('sort key', name, ORDERS));
    return key.startsWith('-') ? (a: InterfaceAddress, b: InterfaceAddress) => order(b, a) : order;
  });
  return addresses.toSorted((a, b) => orders.reduce((found, order) => found || order(a, b), 0));
}

function attribute(one: InterfaceAddress, name: string): string {
  const values: Readonly<Record<string, string>> = {
    address: one.address,
    name: one.name,
    size: String(one.prefix),
    type: one.family,
  };
  return values[name] ?? refuse('config_invalid', unknownWord('attribute', name, values));
}

type Step = (addresses: Addresses, args: Args) => Addresses | string;

const STEPS: Readonly<Record<string, Step>> = {
  include: (addresses, args) => select(addresses, args, true),
  exclude: (addresses, args) => select(addresses, args, false),
  sort,
  limit: (addresses, [count = '0']) => addresses.slice(0, Number(count)),
  offset: (addresses, [count = '0']) => addresses.slice(Number(count)),
  unique: (addresses, [name = 'address']) =>
    [...new Map(addresses.toReversed().map((one) => [attribute(one, name), one])).values()].toReversed(),
  attr: (addresses, [name = 'address']) => (addresses[0] ? attribute(addresses[0], name) : ''),
  join: (addresses, [name = 'address', separator = ' ']) =>
    addresses.map((one) => attribute(one, name)).join(separator),
};

function unknownWord(what: string, word: string, known: object): string {
  return `unknown ${what} ${JSON.stringify(word)} in template${hintOf(word, Object.keys(known))}`;
}

/** Words of one step: bare or in double quotes. */
function wordsOf(step: string): readonly string[] {
  return [...step.matchAll(/"((?:[^"\\]|\\.)*)"|`([^`]*)`|(\S+)/g)].map(
    ([, quoted, raw, bare]) => quoted?.replace(/\\(.)/g, '$1') ?? raw ?? bare ?? '',
  );
}

/** The text of one `{{ … }}`, given without the braces. */
function evaluate(expression: string, { addresses, env }: TemplateWorld): string {
  const [head = '', ...steps] = expression.match(/(?:"(?:[^"\\]|\\.)*"|`[^`]*`|[^|"`])+/g) ?? [];
  const [name = '', ...args] = wordsOf(head);
  const source = Object.hasOwn(SOURCES, name) ? SOURCES[name] : undefined;
  let value = (source ?? refuse('config_invalid', unknownWord('function', name, SOURCES)))(
    addresses,
    args,
    env,
  );
  for (const step of steps) {
    const [stepName = '', ...stepArgs] = wordsOf(step);
    const apply = Object.hasOwn(STEPS, stepName) ? STEPS[stepName] : undefined;
    if (apply === undefined) refuse('config_invalid', unknownWord('function', stepName, STEPS));
    if (typeof value === 'string')
      refuse('config_invalid', `${stepName} in template wants a list of interfaces before it`);
    value = apply(value, stepArgs);
  }
  return typeof value === 'string'
    ? value
    : refuse('config_invalid', `template ends in a list of interfaces; add | attr "address"`);
}

const TEMPLATE = /\{\{-?\s*([\s\S]*?)\s*-?\}\}/g;

/** A text with every template in it replaced. Throws AppError config_invalid for what it does not know. */
export function expandAddressTemplate(text: string, world: TemplateWorld): string {
  return text.replace(TEMPLATE, (_, expression: string) => evaluate(expression, world));
}

/** `{{ env "X" }}` and `{{ envOrDefault "X" "y" }}` replaced; other braces are left alone, they may be anybody's. */
export function expandEnvTemplate(text: string, env: TemplateWorld['env']): string {
  return text.replace(TEMPLATE, (whole, expression: string) =>
    /^env(?:OrDefault)?\s/.test(expression) ? evaluate(expression, { addresses: [], env }) : whole,
  );
}
