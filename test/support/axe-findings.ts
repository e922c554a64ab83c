/** What a person with a disability would stumble over on a page, by the rules of axe. The page has run axe.source before. */
import type axe from 'axe-core';
import type { Page } from 'playwright-core';

/** Serious and critical findings; `only` names some of the rules. */
export async function seriousFindings(page: Page, only?: readonly string[]): Promise<readonly string[]> {
  const found = await page.evaluate(async (rules) => {
    const { axe: engine } = globalThis as unknown as { axe: typeof axe };
    const { violations } = await engine.run(rules ? { runOnly: [...rules] } : {});
    return violations.map(({ id, impact, nodes }) => ({
      id,
      impact: impact ?? '',
      where: nodes.map((node) => node.html.slice(0, 160)),
    }));
  }, only);
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, where }) => `${id}: ${where.join(' | ')}`);
}
