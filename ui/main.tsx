/** Starts the page: builds the app once and draws it into #app. */
import { render } from 'preact';
import { AppContext, createApp } from './app/app.ts';
import { Shell } from './app/shell.tsx';
import './style/tokens.css';
import './style/base.css';
import './style/shell.css';
import './style/parts.css';
import './style/table.css';
import './style/pages.css';
import './style/acl.css';
import './style/map.css';

const root = document.getElementById('app');
if (root) {
  render(
    <AppContext.Provider value={createApp()}>
      <Shell />
    </AppContext.Provider>,
    root,
  );
}
