/** The pages that most visits do without: loaded together when somebody goes to one of them (pages.tsx). */
export { AgentPage } from '../pages/agent.tsx';
export { DnsPage } from '../pages/dns.tsx';
export { EventsPage } from '../pages/events.tsx';
export { MapPage } from '../pages/map.tsx';
export { QueriesPage } from '../pages/queries.tsx';
export { ServersPage } from '../pages/servers.tsx';
