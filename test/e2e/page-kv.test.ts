/**
 * Keys in the web page: nobody's work is lost. Saving is compare-and-set, a conflict shows both sides, and what is not text
 * is left alone.
 */
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { describeWith } from '../support/needs-program.ts';
import { CHROMIUM, type PageServer, startPage, type Tab } from '../support/open-page.ts';

describeWith(CHROMIUM, 'keys in the web page', () => {
  let server: PageServer;
  let tab: Tab;
  let page: Page;
  beforeAll(async () => {
    server = await startPage({ config: { kv_history: ['kept/'] } });
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    await server.put('/v1/kv/app/limit', '42');
    tab = await server.newTab();
    page = tab.page;
  });
  afterEach(async () => {
    const troubles = tab.troubles();
    await tab.close();
    expect(troubles).toEqual([]);
  });

  const stored = async (key: string): Promise<string> =>
    (await fetch(`${server.agent.httpUrl}/v1/kv/${key}?raw`)).text();
  const dialog = () => page.getByRole('dialog');
  const value = () => page.getByLabel('Value', { exact: true });
  const save = () => page.getByRole('button', { name: 'Save' });

  test('a key is found by its folder, changed and saved with its flags', async () => {
    await server.put('/v1/kv/app/limit?flags=18446744073709551615', '42');
    await tab.open('kv');
    await page.getByRole('link', { name: 'app/' }).click();
    await page.getByRole('link', { name: 'limit' }).click();
    await value().fill('43');
    await save().click();
    await page.getByText('Saved app/limit.').waitFor();
    expect(await stored('app/limit')).toBe('43');
    const [entry] =
      (await (await fetch(`${server.agent.httpUrl}/v1/kv/app/limit`)).text()).match(/"Flags": ?\d+/) ?? [];
    expect(entry).toContain('18446744073709551615');
  });

  test('a change by somebody else is shown at once while nothing was typed', async () => {
    await tab.open('kv?in=app/&key=app/limit');
    await value().waitFor();
    await server.put('/v1/kv/app/limit', 'theirs');
    await expect.poll(() => value().inputValue(), { timeout: 10_000 }).toBe('theirs');
  });

  test('what was typed and not saved is still there after Esc, another page and loading again', async () => {
    await tab.open('kv?in=app/&key=app/limit');
    await value().fill('half a tho');
    await page.keyboard.press('Escape');
    await value().waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'limit' }).click();
    await expect.poll(() => value().inputValue()).toBe('half a tho');
    await value().fill('half a thought');
    await tab.open('services');
    await tab.open('kv?in=app/&key=app/limit');
    await expect.poll(() => value().inputValue()).toBe('half a thought');
    await page.reload();
    await expect.poll(() => value().inputValue()).toBe('half a thought');
    expect(await stored('app/limit')).toBe('42');
    await save().click();
    await page.getByText('Saved app/limit.').waitFor();
    expect(await stored('app/limit')).toBe('half a thought');
    await page.reload();
    await expect.poll(() => value().inputValue()).toBe('half a thought');
    expect(await save().isDisabled()).toBe(true);
  });

  test('what was typed over a version that somebody replaced meanwhile is a conflict', async () => {
    await tab.open('kv?in=app/&key=app/limit');
    await value().fill('mine');
    await tab.open('services');
    await server.put('/v1/kv/app/limit', 'theirs');
    await tab.open('kv?in=app/&key=app/limit');
    await page.locator('.conflict').waitFor();
    expect(await value().inputValue()).toBe('mine');
    await page.getByRole('button', { name: 'Take theirs' }).click();
    await expect.poll(() => value().inputValue()).toBe('theirs');
    await page.reload();
    await expect.poll(() => value().inputValue()).toBe('theirs');
  });

  test('a new key that was begun is still there after Esc and loading again, until Cancel', async () => {
    await tab.open('kv?in=app/');
    await page.getByRole('button', { name: 'Create' }).click();
    await dialog().getByLabel('Key').fill('app/half');
    await dialog().getByLabel('Value').fill('a thought');
    await page.keyboard.press('Escape');
    await dialog().waitFor({ state: 'detached' });
    await page.reload();
    await page.getByRole('button', { name: 'Create' }).click();
    expect(await dialog().getByLabel('Key').inputValue()).toBe('app/half');
    expect(await dialog().getByLabel('Value').inputValue()).toBe('a thought');
    await dialog().getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Create' }).click();
    expect(await dialog().getByLabel('Value').inputValue()).toBe('');
  });

  test('what was typed into a key that somebody deletes meanwhile can be kept', async () => {
    await tab.open('kv?in=app/&key=app/limit');
    await value().fill('my work');
    await fetch(`${server.agent.httpUrl}/v1/kv/app/limit`, { method: 'DELETE' });
    await page.getByText('Somebody deleted it while you were editing').waitFor();
    expect(await value().inputValue()).toBe('my work');
    await page.getByRole('button', { name: 'Create it again with this' }).click();
    await page.getByText('Created app/limit.').waitFor();
    expect(await stored('app/limit')).toBe('my work');
  });

  test('broken JSON and YAML are warned of at their line, and can be saved', async () => {
    await server.put('/v1/kv/app/set.json', '{"a": 1}');
    await tab.open('kv?in=app/&key=app/set.json');
    await value().fill('{\n  "a": 1,\n}');
    await page.getByText('Not valid JSON').waitFor();
    expect(await page.locator('.code mark').textContent()).toContain('3');
    await save().click();
    await page.getByText('Saved app/set.json.').waitFor();
    await server.put('/v1/kv/app/set.yaml', 'a: 1');
    await tab.open('kv?in=app/&key=app/set.yaml');
    await value().fill('a: 1\na: 2');
    await page.getByText('a stands here a second time').waitFor();
  });

  test('what happened to a key is told line by line, and an earlier value can be taken again', async () => {
    await server.put('/v1/kv/kept/limits', 'cpu: 1\nmemory: 2');
    await server.put('/v1/kv/kept/limits', 'cpu: 8\nmemory: 2');
    await tab.open('kv/kept/limits');
    const history = page.getByLabel('History of this key');
    await history.getByText('was written').waitFor();
    await history.getByText('what changed').first().click();
    expect(await history.locator('.is-gone-line').first().textContent()).toContain('cpu: 1');
    expect(await history.locator('.is-new-line').first().textContent()).toContain('cpu: 8');
    await history.getByRole('button', { name: 'Edit with the value before this' }).click();
    expect(await value().inputValue()).toBe('cpu: 1\nmemory: 2');
    await page.getByRole('button', { name: 'Undo' }).click();
    await tab.open('kv?in=app/&key=app/limit');
    await page.getByText('Values are not kept for this key').waitFor();
  });

  test('an address with the path of a folder that is taken for a key leads to the folder', async () => {
    await tab.open('kv/app');
    await page.locator('aside').getByRole('link', { name: 'app/' }).click();
    await page.getByRole('link', { name: 'limit' }).waitFor();
    expect(new URL(page.url()).searchParams.get('in')).toBe('app/');
  });

  test('a conflict shows both sides and saves only what a person chooses', async () => {
    await tab.open('kv?in=app/&key=app/limit');
    await value().fill('mine');
    await server.put('/v1/kv/app/limit', 'theirs');
    const conflict = page.locator('.conflict');
    await conflict.waitFor();
    expect(await conflict.textContent()).toContain('theirs');
    expect(await conflict.textContent()).toContain('mine');
    expect(await save().isDisabled()).toBe(true);
    expect(await stored('app/limit')).toBe('theirs');
    await conflict.getByRole('button', { name: 'Overwrite with mine' }).click();
    await page.getByText('Saved app/limit.').waitFor();
    expect(await stored('app/limit')).toBe('mine');
  });

  test('"take theirs" drops what was typed', async () => {
    await tab.open('kv?in=app/&key=app/limit');
    await value().fill('mine');
    await server.put('/v1/kv/app/limit', 'theirs');
    await page.getByRole('button', { name: 'Take theirs' }).click();
    expect(await value().inputValue()).toBe('theirs');
    expect(await stored('app/limit')).toBe('theirs');
  });

  test('creating never overwrites', async () => {
    await tab.open('kv?in=app/');
    await page.getByRole('button', { name: 'Create' }).click();
    await dialog().getByLabel('Key').fill('app/limit');
    await dialog().getByLabel('Value').fill('0');
    await dialog().getByRole('button', { name: 'Create' }).click();
    await dialog().getByText('exists already').waitFor();
    expect(await stored('app/limit')).toBe('42');
    await dialog().getByLabel('Key').fill('app/new/deep');
    await dialog().getByRole('button', { name: 'Create' }).click();
    await page.getByLabel('Key app/new/deep').waitFor();
    expect(await stored('app/new/deep')).toBe('0');
  });

  test('a folder is deleted after a question that counts its keys', async () => {
    await server.put('/v1/kv/old/a', '1');
    await server.put('/v1/kv/old/b/c', '2');
    await tab.open('kv?in=old/');
    await page.getByRole('button', { name: 'Delete folder' }).click();
    await dialog().getByRole('button', { name: 'Delete 2 keys' }).click();
    await page.getByText('Deleted old/.').waitFor();
    expect((await fetch(`${server.agent.httpUrl}/v1/kv/old/?keys`)).status).toBe(404);
  });

  test('a value that is no text is shown in hex and cannot be spoiled', async () => {
    const body = new Uint8Array([0xff, 0xfe, 0x00, 0x41]);
    await fetch(`${server.agent.httpUrl}/v1/kv/app/binary`, { method: 'PUT', body });
    await tab.open('kv?in=app/&key=app/binary');
    await page.getByText('ff fe 00 41').waitFor();
    expect(await value().count()).toBe(0);
  });

  test('JSON is shown formatted, and stays as it was unless somebody takes the formatting over', async () => {
    await server.put('/v1/kv/app/json', '{"a":1}');
    await tab.open('kv?in=app/&key=app/json');
    await page.getByRole('button', { name: 'JSON' }).click();
    await page.getByLabel('Value as JSON').waitFor();
    expect(await page.getByLabel('Value as JSON').textContent()).toBe('{\n  "a": 1\n}');
    expect(await stored('app/json')).toBe('{"a":1}');
  });

  test('the holder of a lock is named', async () => {
    const { ID } = (await server.put('/v1/session/create', { Name: 'leader' })) as { ID: string };
    await server.put(`/v1/kv/app/lock?acquire=${ID}`, 'me');
    await tab.open('kv?in=app/&key=app/lock');
    await page.getByText('held by leader').waitFor();
  });
});
