/**
 * How the web page in ui/ is built: into dist/ui, as files that a strict Content-Security-Policy lets run.
 *
 * Addresses of assets are relative to the <base> of index.html, which the agent rewrites to ui_config.content_path.
 * Nothing is inlined (`data:` and inline scripts are refused by the policy). `ROLLCALL_HTTP_ADDR=… npx vite` serves
 * the page with changes shown at once and passes /v1 on to a running agent.
 */
import { defineConfig } from 'vite';

const agentUrl = `http://${process.env['ROLLCALL_HTTP_ADDR'] ?? '127.0.0.1:8500'}`;
const proxy = { '/v1': { target: agentUrl } };

export default defineConfig(({ command }) => ({
  root: 'ui',
  base: command === 'build' ? './' : '/ui/',
  build: {
    outDir: '../dist/ui',
    emptyOutDir: true,
    target: 'es2022',
    cssTarget: ['chrome123', 'firefox128', 'safari17.5'],
    assetsInlineLimit: 0,
    modulePreload: false,
  },
  server: { proxy },
  preview: { proxy },
}));
