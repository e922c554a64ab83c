/**
 * Makes the pictures of the page: those of the documentation anew, or, into a folder that is named, every page in light, in
 * dark and on a phone, to be looked at. Needs Debian's chromium.
 *
 *     node bench/page-pictures.ts            docs/images/page-*.png
 *     node bench/page-pictures.ts FOLDER     every page, three times
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { queryPacket } from '../test/support/dns-rig.ts';
import { askUdp } from '../test/support/dns-sockets.ts';
import { type PageServer, startPage } from '../test/support/open-page.ts';
import { repositoryDir } from '../test/support/source-files.ts';
import { startAgent } from '../test/support/start-agent.ts';
import { fillDemo, stretchHistory } from './demo-catalog.ts';

const WAYS: Readonly<Record<string, BrowserContextOptions>> = {
  light: { colorScheme: 'light' },
  dark: { colorScheme: 'dark' },
  phone: { colorScheme: 'light', viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 },
};

const PAGES: Readonly<Record<string, string>> = {
  overview: '',
  services: 'services',
  service: 'services/payments',
  instance: 'services/payments?at=FLAPPING',
  'what-dns-answers': 'services/web?tab=dns',
  map: 'map',
  'map-table': 'map?as=table',
  nodes: 'nodes',
  node: 'nodes/node-08',
  servers: 'servers',
  checks: 'checks',
  kv: 'kv',
  key: 'kv?in=app/&key=app/config',
  queries: 'queries',
  events: 'events',
  dns: 'dns?name=web.service.consul&type=SRV',
  'dns-live': 'dns',
  agent: 'agent',
  'agent-config': 'agent?tab=config',
  'agent-log': 'agent?tab=log',
};

/** Pictures of the documentation, all in light colours. */
const DOCUMENTED: Readonly<Record<string, string>> = {
  overview: 'page-overview.png',
  dns: 'page-dns.png',
  map: 'page-map.png',
  instance: 'page-instance.png',
};

/** Questions as clients would ask them, until it is called. */
function askAllTheTime(port: number): () => void {
  const names = ['web', 'api', 'orders', 'payments', 'search', 'nowhere', 'web', 'web', 'auth'];
  let isOver = false;
  const run = async (): Promise<void> => {
    for (let n = 0; !isOver; n++) {
      const type = n % 4 === 0 ? 'SRV' : n % 7 === 0 ? 'AAAA' : 'A';
      await askUdp(port, queryPacket(`${names[n % names.length]}.service.consul`, type), { timeoutMs: 500 });
      await delay(n % 50 < 25 ? 8 : 25);
    }
  };
  void run();
  return () => {
    isOver = true;
  };
}

async function listen(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Listen' }).click();
  await delay(6_000);
}

interface Taking {
  readonly server: PageServer;
  readonly folder: string;
  /** Key of WAYS. */
  readonly way: string;
  /** Names of pages, and of the files that their pictures are put in. */
  readonly files: ReadonlyMap<string, string>;
}

/** The instance that flaps, as the address of its page names it. */
async function flappingInstance(httpUrl: string): Promise<string> {
  const found = (await (await fetch(`${httpUrl}/v1/catalog/service/payments`)).json()) as {
    readonly Node: string;
    readonly ServiceID: string;
  }[];
  return `${found[0]?.Node}/${found[0]?.ServiceID}`;
}

async function take({ server, folder, way, files }: Taking): Promise<void> {
  const { page, open, troubles, close } = await server.newTab({ ...WAYS[way], reducedMotion: 'reduce' });
  const instance = await flappingInstance(server.agent.httpUrl);
  for (const [name, file] of files) {
    await open((PAGES[name] ?? name).replace('FLAPPING', instance));
    // What is asked after the page was drawn (histories, counters) has come by then.
    await delay(name === 'overview' ? 9_000 : 900);
    if (name === 'dns-live') await listen(page);
    await page.screenshot({ path: path.join(folder, file), fullPage: way === 'phone' });
  }
  for (const trouble of troubles()) console.error(trouble);
  await close();
}

const everyPage = (way: string): ReadonlyMap<string, string> =>
  new Map(Object.keys(PAGES).map((name) => [name, `${name}-${way}.png`]));

async function main(): Promise<void> {
  const [folder, ...names] = process.argv.slice(2);
  const target = folder ?? path.join(repositoryDir, 'docs', 'images');
  fs.mkdirSync(target, { recursive: true });
  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-pictures-'));
  const server = await startPage({ dataDir });
  await fillDemo(server.put, server.agent.httpUrl);
  await server.agent.stop();
  const [file] = fs
    .readdirSync(dataDir, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(db|sqlite)$/.test(name));
  stretchHistory(path.join(dataDir, file ?? 'none'));
  const ports = { http: server.agent.httpPort, dns: server.agent.dnsPort };
  const agent = await startAgent({
    dataDir,
    ports,
    config: { ui_config: { enabled: true, dir: server.dir } },
  });
  const stop = askAllTheTime(ports.dns);
  try {
    if (folder === undefined)
      await take({ server, folder: target, way: 'light', files: new Map(Object.entries(DOCUMENTED)) });
    for (const way of folder === undefined ? [] : names.length > 0 ? names : Object.keys(WAYS))
      await take({ server, folder: target, way, files: everyPage(way) });
  } finally {
    stop();
    await agent.stop();
    await server.stop();
    fs.rmSync(dataDir, { recursive: true, force: true });
  }
}

await main();
