/**
 * The web page in a real browser: builds it, starts an agent that serves it, and opens tabs that note whatever goes wrong.
 *
 * The page is built into a folder of its own, so that tests neither need nor touch dist/. A tab collects console errors,
 * exceptions and requests that leave the agent; `troubles()` must be empty at the end of a test. Debian's chromium is
 * used as it is, with everything switched off by which it would talk to others.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from 'playwright-core';
import { repositoryDir } from './source-files.ts';
import { type AgentOptions, type RunningAgent, startAgent } from './start-agent.ts';

export const CHROMIUM = '/usr/bin/chromium';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
] as const;

export interface Tab {
  readonly page: Page;
  /** Console errors, exceptions and requests to other origins so far. */
  troubles(): readonly string[];
  /** Drop those that a test has provoked. */
  forgive(isProvoked: (trouble: string) => boolean): void;
  /** Go to an address below the page's base, such as `services/web`, and wait until it shows something. */
  open(address: string): Promise<void>;
  /** Another tab of the same browser, which shares its connections and storage. */
  another(): Promise<Tab>;
  close(): Promise<void>;
}

export interface PageServer {
  readonly agent: RunningAgent;
  /** Folder of the built page. */
  readonly dir: string;
  newTab(options?: BrowserContextOptions): Promise<Tab>;
  /** PUT to the agent; throws with its text when it refuses. */
  put(path: string, body?: unknown): Promise<unknown>;
  stop(): Promise<void>;
}

/**
 * The shortest of up to `tries` measurements in ms, ending with the first under `enoughMs`: how fast the page is, not how
 * busy the machine is with other tests.
 */
export async function shortest(
  tries: number,
  enoughMs: number,
  measure: () => Promise<number>,
): Promise<number> {
  let best = Infinity;
  for (let run = 0; run < tries && best >= enoughMs; run++) best = Math.min(best, await measure());
  return best;
}

/** Build the page into a new folder. Throws with the builder's output. */
function buildPage(): string {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-page-'));
  const vite = path.join(repositoryDir, 'node_modules', 'vite', 'bin', 'vite.js');
  const args = [vite, 'build', '--logLevel', 'warn', '--outDir', dir, '--emptyOutDir'];
  // The test runner's own NODE_ENV would have it built for developers, larger than anybody gets it.
  const env = { ...process.env, NODE_ENV: 'production' };
  const built = spawnSync(process.execPath, args, { cwd: repositoryDir, encoding: 'utf8', env });
  if (built.status !== 0) throw new Error(`the page cannot be built: ${built.stdout}${built.stderr}`);
  return dir;
}

/** An empty folder of keys is a 404 by the API, and a browser writes every 404 into its console. */
const EXPECTED = /status of 404 .*\/v1\/kv\//;

function watchPage(page: Page, origin: string): string[] {
  const troubles: string[] = [];
  page.on('console', (message) => {
    const text = `${message.text()} ${message.location().url}`;
    if (message.type() === 'error' && !EXPECTED.test(text)) troubles.push(`console: ${text}`);
  });
  page.on('pageerror', (error) => troubles.push(`exception: ${error.message}`));
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== origin) troubles.push(`foreign request: ${request.url()}`);
  });
  return troubles;
}

async function tabIn(context: BrowserContext, baseUrl: string): Promise<Tab> {
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const troubles = watchPage(page, new URL(baseUrl).origin);
  return {
    page,
    troubles: () => troubles,
    forgive(isProvoked) {
      troubles.splice(0, Infinity, ...troubles.filter((trouble) => !isProvoked(trouble)));
    },
    async open(address) {
      await page.goto(`${baseUrl}${address}`);
      // A function to wait for would have to be evaluated, which the page's own policy forbids.
      await page.locator('main:has(h1):not(:has(.loading))').waitFor();
    },
    another: () => tabIn(context, baseUrl),
    close: () => context.close(),
  };
}

async function newTab(browser: Browser, baseUrl: string, options: BrowserContextOptions): Promise<Tab> {
  return tabIn(await browser.newContext({ viewport: { width: 1_440, height: 900 }, ...options }), baseUrl);
}

/** Build the page, start an agent on free ports that serves it, and a browser. */
export async function startPage(options: AgentOptions = {}): Promise<PageServer> {
  const dir = buildPage();
  const ui = options.config?.['ui_config'] as { readonly content_path?: string } | undefined;
  const config = { ...options.config, ui_config: { enabled: true, dir, ...ui } };
  const agent = await startAgent({ ...options, config });
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: [...FLAGS] });
  const baseUrl = `${agent.httpUrl}${ui?.content_path ?? '/ui/'}`;
  return {
    agent,
    dir,
    newTab: (tabOptions = {}) => newTab(browser, baseUrl, tabOptions),
    async put(target, body) {
      const text = typeof body === 'string' || body === undefined ? body : JSON.stringify(body);
      const response = await fetch(
        agent.httpUrl + target,
        text === undefined ? { method: 'PUT' } : { method: 'PUT', body: text },
      );
      const answer = await response.text();
      if (!response.ok) throw new Error(`PUT ${target}: ${response.status} ${answer}`);
      return answer === '' ? undefined : JSON.parse(answer);
    },
    async stop() {
      await browser.close();
      await agent.stop();
      fs.rmSync(dir, { recursive: true, force: true });
    },
  };
}
