/**
 * What the search over everything offers for a text: pages, actions, and what the agent found. Pure.
 *
 * An action is a verb and what it is about: "drain web-3" leads to the dialog of that instance, which still asks.
 */
import type { FoundShape } from '../api/shapes.ts';
import type { IconName } from '../parts/icon-paths.ts';

/** Something to go to: a place of the page by its segments and query. */
export interface Offer {
  readonly group: string;
  readonly icon: IconName;
  readonly title: string;
  readonly hint: string;
  readonly segments: readonly string[];
  readonly query: Readonly<Record<string, string>>;
}

interface PageName {
  readonly title: string;
  readonly icon: IconName;
  readonly segments: readonly string[];
}

/** Of each kind, as many as one looks through. */
const SHOWN_EACH = 6;

const folderOf = (key: string): string => key.slice(0, key.lastIndexOf('/') + 1);

type Draw = (found: FoundShape) => Omit<Offer, 'group'>;

const at = ({ Node = '', ID = '', Name }: FoundShape): string => `${Node}/${ID || Name}`;

const DRAWN: Readonly<Record<string, readonly [group: string, draw: Draw]>> = {
  service: [
    'Services',
    ({ Name }) => ({ icon: 'services', title: Name, hint: '', segments: ['services', Name], query: {} }),
  ],
  instance: [
    'Instances',
    (found) => ({
      icon: 'services',
      title: found.Name,
      hint: `${found.ServiceName ?? ''} on ${found.Node ?? ''}`,
      segments: ['services', found.ServiceName ?? ''],
      query: { at: at(found) },
    }),
  ],
  node: [
    'Nodes',
    ({ Name }) => ({ icon: 'nodes', title: Name, hint: '', segments: ['nodes', Name], query: {} }),
  ],
  check: [
    'Checks',
    (found) => ({
      icon: 'checks',
      title: found.Name,
      hint: `${found.ServiceName || 'node'} on ${found.Node ?? ''}`,
      segments: ['checks'],
      query: { at: at(found) },
    }),
  ],
  key: [
    'Keys',
    ({ Name }) => ({
      icon: 'kv',
      title: Name,
      hint: '',
      segments: ['kv'],
      query: Name.endsWith('/') ? { in: Name } : { in: folderOf(Name), key: Name },
    }),
  ],
  query: [
    'Queries',
    ({ Name, ID = '' }) => ({
      icon: 'queries',
      title: Name,
      hint: '',
      segments: ['queries'],
      query: { at: ID },
    }),
  ],
};

/** Things of the catalog, kind by kind. */
export function offersOf(found: readonly FoundShape[]): readonly Offer[] {
  return Object.entries(DRAWN).flatMap(([kind, [group, draw]]) =>
    found
      .filter(({ Kind }) => Kind === kind)
      .slice(0, SHOWN_EACH)
      .map((each) => ({ group, ...draw(each) })),
  );
}

const VERBS = ['drain', 'maintenance', 'deregister'] as const;
type Verb = (typeof VERBS)[number];

const VERB_TEXT: Readonly<Record<Verb, string>> = {
  drain: 'Drain',
  maintenance: 'Maintenance of',
  deregister: 'Deregister',
};

/** What is to be done, and the text that is searched for. */
export interface Wish {
  readonly verb: Verb | undefined;
  readonly text: string;
}

export function readWish(typed: string): Wish {
  const text = typed.trim();
  const [, word = '', rest = ''] = /^(\S+)\s+(.+)$/.exec(text) ?? [];
  const verb = VERBS.find((own) => own === word.toLowerCase());
  return verb === undefined
    ? { verb: undefined, text: text.replace(/^explain\s+/i, '') }
    : { verb, text: rest };
}

/** Instances, services and nodes that something can be done to; a service leads to its instances, to choose one. */
export function actionsOn(verb: Verb, found: readonly FoundShape[]): readonly Offer[] {
  return offersOf(found).flatMap((offer): readonly Offer[] => {
    const action = { ...offer, group: 'Actions', title: `${VERB_TEXT[verb]} ${offer.title}` };
    if (offer.group === 'Instances') return [{ ...action, query: { ...offer.query, do: verb } }];
    if (offer.group === 'Services') return [{ ...action, hint: 'choose an instance' }];
    return offer.group === 'Nodes' ? [{ ...action, hint: 'node', query: { do: verb } }] : [];
  });
}

/** A name as DNS has it: what has no dot is taken for a service. */
const dnsName = (text: string, domain: string): string =>
  text.includes('.') ? text : `${text}.service.${domain}`;

type PlainAction = (name: string, domain: string) => Omit<Offer, 'group'>;

/** By the verb that one types. */
const PLAIN_ACTIONS: Readonly<Record<string, PlainAction>> = {
  register: (name) => ({
    icon: 'plus',
    title: name === '' ? 'Register a service' : `Register ${name}`,
    hint: 'register NAME',
    segments: ['services'],
    query: { do: 'register', ...(name !== '' && { name }) },
  }),
  explain: (name, domain) => ({
    icon: 'dns',
    title: name === '' ? 'Explain what DNS answers' : `Explain ${dnsName(name, domain)}`,
    hint: 'explain NAME',
    segments: ['dns'],
    query: name === '' ? {} : { name: dnsName(name, domain), type: 'A' },
  }),
};

/** Actions that need nothing to be found: those whose verb begins with what is typed, all of them for nothing. */
export function plainActions(typed: string, domain: string): readonly Offer[] {
  const [verb = '', ...rest] = typed.trim().split(/\s+/);
  return Object.entries(PLAIN_ACTIONS)
    .filter(([own]) => own.startsWith(verb.toLowerCase()))
    .map(([, draw]) => ({ group: 'Actions', ...draw(rest.join(' '), domain) }));
}

/** Pages whose name has a word that begins with the text; all of them for none. */
export function pageOffers(pages: readonly PageName[], typed: string): readonly Offer[] {
  const wanted = typed.trim().toLowerCase();
  return pages
    .filter(({ title }) =>
      title
        .toLowerCase()
        .split(/\W/)
        .some((word) => word.startsWith(wanted)),
    )
    .map(({ title, icon, segments }) => ({ group: 'Pages', icon, title, hint: '', segments, query: {} }));
}
