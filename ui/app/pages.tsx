/**
 * The table of pages: which segments of an address lead where, and how the navigation names them.
 *
 * A page is a row here and a file in pages/. A page with things of its own (`services/web`) gets the rest of the
 * segments.
 */
import type { ComponentChildren } from 'preact';
import { AgentPage } from '../pages/agent.tsx';
import { ChecksPage } from '../pages/checks.tsx';
import { EventsPage } from '../pages/events.tsx';
import { NodePage } from '../pages/node.tsx';
import { NodesPage } from '../pages/nodes.tsx';
import { OverviewPage } from '../pages/overview.tsx';
import { QueriesPage } from '../pages/queries.tsx';
import { ServersPage } from '../pages/servers.tsx';
import { ServicePage } from '../pages/service.tsx';
import { ServicesPage } from '../pages/services.tsx';
import { PageHead } from '../parts/basic.tsx';
import type { IconName } from '../parts/icon.tsx';
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
const loadDns = async () => (await import('../pages/dns.tsx')).DnsPage;
const loadMap = async () => (await import('../pages/map.tsx')).MapPage;

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
  {
    segments: ['map'],
    title: 'Map',
    icon: 'map',
    hotkey: 'm',
    draw: (rest) => <Later load={loadMap} rest={rest} what="the map" />,
  },
  { segments: ['servers'], title: 'Servers', icon: 'servers', hotkey: 'v', draw: () => <ServersPage /> },
  { segments: ['checks'], title: 'Checks', icon: 'checks', hotkey: 'c', draw: () => <ChecksPage /> },
  {
    segments: ['kv'],
    title: 'Key/value',
    icon: 'kv',
    hotkey: 'k',
    draw: () => <Later load={loadKv} rest={undefined} what="keys" />,
  },
  { segments: ['queries'], title: 'Queries', icon: 'queries', hotkey: 'q', draw: () => <QueriesPage /> },
  { segments: ['events'], title: 'Events', icon: 'events', hotkey: 'e', draw: () => <EventsPage /> },
  {
    segments: ['history'],
    title: 'History',
    icon: 'changed',
    hotkey: 'h',
    draw: () => <Later load={loadHistory} rest={undefined} what="the history" />,
  },
  {
    segments: ['dns'],
    title: 'DNS',
    icon: 'dns',
    hotkey: 'd',
    draw: (rest) => <Later load={loadDns} rest={rest} what="the explorer" />,
  },
  {
    segments: ['acls'],
    title: 'Access',
    icon: 'access',
    hotkey: 'x',
    draw: (rest) => <Later load={loadAcl} rest={rest} what="access control" />,
  },
  { segments: ['agent'], title: 'Agent', icon: 'agent', hotkey: 'a', draw: () => <AgentPage /> },
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
