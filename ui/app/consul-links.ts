/**
 * Addresses of Consul's own page, as they stand in bookmarks, chats and runbooks: where they lead on this one.
 *
 * Pure. `/ui/dc1/services/web` → services/web; what this page does not have (intentions, peers) leads to what is nearest.
 */

export interface OwnPlace {
  readonly segments: readonly string[];
  readonly query: Readonly<Record<string, string>>;
}

const own = (segments: readonly string[], query: OwnPlace['query'] = {}): OwnPlace => ({ segments, query });

/** Of a key, or of a folder when it ends in a slash; the last words of Consul's addresses say what is done there. */
function keyPlace(rest: readonly string[]): OwnPlace {
  const last = rest.at(-1);
  const isAct = last === 'edit' || last === 'create';
  const path = (isAct ? rest.slice(0, -1) : rest).join('/');
  if (path === '') return own(['kv']);
  const folder = path.slice(0, path.lastIndexOf('/') + 1);
  if (last === 'edit') return own(['kv'], { in: folder, key: path });
  return own(['kv'], { in: path.endsWith('/') || path === '' ? path : `${path}/` });
}

function servicePlace([name, what, node, id]: readonly string[]): OwnPlace {
  if (name === undefined) return own(['services']);
  if (what === 'instances' && node !== undefined && id !== undefined)
    return own(['services', name], { at: `${node}/${id}` });
  return own(['services', name]);
}

const PLACES: Readonly<Record<string, (rest: readonly string[]) => OwnPlace>> = {
  services: servicePlace,
  nodes: ([name]) => (name === undefined ? own(['nodes']) : own(['nodes', name])),
  kv: keyPlace,
  acls: ([section, id]) =>
    section === undefined ? own(['acls']) : own(['acls', section], id === undefined ? {} : { at: id }),
  overview: () => own([]),
  'server-status': () => own(['servers']),
  intentions: () => own(['services']),
  peers: () => own([]),
};

/** The place that an address of Consul's page means; undefined for addresses of this page. */
export function fromConsul(
  segments: readonly string[],
  isOwnPage: (name: string) => boolean,
): OwnPlace | undefined {
  const [datacenter, area, ...rest] = segments;
  if (datacenter === undefined || area === undefined || isOwnPage(datacenter)) return undefined;
  return Object.hasOwn(PLACES, area) ? PLACES[area]?.(rest) : undefined;
}

/** `/ui/kv/config/app`: a key of this page by its path, a folder with a slash at the end. */
export function fromKeyPath([area, ...rest]: readonly string[], isFolder: boolean): OwnPlace | undefined {
  if (area !== 'kv' || rest.length === 0) return undefined;
  const path = rest.join('/');
  const folder = path.slice(0, path.lastIndexOf('/') + 1);
  return isFolder ? own(['kv'], { in: `${path}/` }) : own(['kv'], { in: folder, key: path });
}
