/**
 * The table of pages: which segments of an address lead where, and how the navigation names them.
 *
 * A page is a row here and a file in pages/. A page with things of its own (`services/web`) gets the rest of the
 * segments.
 */
import type { ComponentChildren } from 'preact';
import { ChecksPage } from '../pages/checks.tsx';
import { NodePage } from '../pages/node.tsx';
import { NodesPage } from '../pages/nodes.tsx';
import { OverviewPage } from '../pages/overview.tsx';
import { ServicePage } from '../pages/service.tsx';
import { ServicesPage } from '../pages/services.tsx';
import { PageHead } from '../parts/basic.tsx';
import type { IconName } from '../parts/icon-paths.ts';
import { Later } from '../parts/later.tsx';
import { useApp } from './app.ts';

interface PageRow {
  readonly segments: readonly string[];
  readonly title: string;
  readonly icon: IconName;
  readonly hotkey: string;
  readonly draw: (rest: string | undefined) => ComponentChildren;
}

// Code that few need is loaded when they go there.
const loadKv = async () => (await import('../pages/kv.tsx')).KvPage;
const loadHistory = async () => (await import('../pages/history.tsx')).HistoryPage;
const loadAcl = async () => (await import('../pages/acl.tsx')).AclPage;
const rare = () => import('./rare-pages.ts');
const loadAgent = async () => (await rare()).AgentPage;
const loadDns = async () => (await rare()).DnsPage;
const loadEvents = async () => (await rare()).EventsPage;
const loadMap = async () => (await rare()).MapPage;
const loadQueries = async () => (await rare()).QueriesPage;
const loadServers = async () => (await rare()).ServersPage;

/** A page that is loaded when somebody goes there. */
const later = (load: Parameters<typeof Later>[0]['load'], what: string) => (rest: string | undefined) => (
  <Later key={what} load={load} rest={rest} what={what} />
);

export const PAGES: readonly PageRow[] = [
  { segments: [], title: 'Overview', icon: 'overview', hotkey: 'o', draw: () => <OverviewPage /> },
  {
    segments: ['services'],
    title: 'Services',
    icon: 'services',
    hotkey: 's',
    draw: (name) => (name === undefined ? <ServicesPage /> : <ServicePage key={name} name={name} />),
  },
  {
    segments: ['nodes'],
    title: 'Nodes',
    icon: 'nodes',
    hotkey: 'n',
    draw: (name) => (name === undefined ? <NodesPage /> : <NodePage key={name} name={name} />),
  },
  { segments: ['map'], title: 'Map', icon: 'map', hotkey: 'm', draw: later(loadMap, 'the map') },
  {
    segments: ['servers'],
    title: 'Servers',
    icon: 'servers',
    hotkey: 'v',
    draw: later(loadServers, 'the servers'),
  },
  { segments: ['checks'], title: 'Checks', icon: 'checks', hotkey: 'c', draw: () => <ChecksPage /> },
  { segments: ['kv'], title: 'Key/value', icon: 'kv', hotkey: 'k', draw: later(loadKv, 'keys') },
  {
    segments: ['queries'],
    title: 'Queries',
    icon: 'queries',
    hotkey: 'q',
    draw: later(loadQueries, 'queries'),
  },
  { segments: ['events'], title: 'Events', icon: 'events', hotkey: 'e', draw: later(loadEvents, 'events') },
  {
    segments: ['history'],
    title: 'History',
    icon: 'history',
    hotkey: 'h',
    draw: later(loadHistory, 'the history'),
  },
  { segments: ['dns'], title: 'DNS', icon: 'dns', hotkey: 'd', draw: later(loadDns, 'the explorer') },
  {
    segments: ['acls'],
    title: 'Access',
    icon: 'access',
    hotkey: 'x',
    draw: later(loadAcl, 'access control'),
  },
  { segments: ['agent'], title: 'Agent', icon: 'agent', hotkey: 'a', draw: later(loadAgent, 'the agent') },
];

/** The page that an address means; the overview for the base itself. */
export function pageOf(segments: readonly string[]): PageRow | undefined {
  return PAGES.find((page) => page.segments[0] === segments[0]);
}

export function titleOf(segments: readonly string[]): string {
  const title = pageOf(segments)?.title ?? 'Not found';
  return segments[1] === undefined ? title : `${segments[1]} · ${title}`;
}

export function CurrentPage({ segments }: { segments: readonly string[] }) {
  const { router } = useApp();
  const page = pageOf(segments);
  if (page) return page.draw(segments[1]);
  return (
    <>
      <PageHead title="There is no such page" />
      <p>
        Go to the <a href={router.to([])}>overview</a>.
      </p>
    </>
  );
}
