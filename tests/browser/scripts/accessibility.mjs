// Every page in both colour schemes and on a phone: names, roles, contrast, nothing to scroll sideways, keyboard.
import { readFileSync } from 'node:fs';
import { axePath, base, withPage, logIn, shot, open, equal, expect } from '../browser.mjs';

const pages = [['overview', '/', 'Pairs'], ['pair', '/pairs/main', 'main'], ['conflicts', '/pairs/main/conflicts', 'Conflicts'],
  ['waiting', '/pairs/main/waiting', 'Held and parked'], ['guard', '/pairs/main/guard', 'Guard'],
  ['journal', '/pairs/main/journal', 'Journal'], ['row', '/pairs/main/row', 'One row'], ['doctor', '/pairs/main/doctor', 'Doctor'],
  ['settings', '/pairs/main/settings', 'Settings']];

// The pages are the same in all schemes but for their colours and their width: what else there is to look at is looked at once.
const every = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const rules = { light: every, dark: ['color-contrast'], phone: ['target-size'] };

const violations = (page, runOnly) => page.evaluate(async (only) => {
  const found = await globalThis.axe.run(document, { runOnly: only });
  return found.violations.map((each) => `${each.id}: ${each.nodes.map((node) => `${node.target} ${node.failureSummary}`).join('; ')}`);
}, runOnly);

// The page's own rules allow no foreign script: this one is put in by the browser's tools, as a person's would be.
const axe = readFileSync(axePath, 'utf8');
const check = async (page, name, suffix) => {
  await page.evaluate(axe);
  equal(await violations(page, rules[suffix]), [], `violations on ${name} ${suffix}`);
};

const sideways = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

// Pages of one thing, whose address depends on what happened.
const items = async (page) => {
  await open(page, '/pairs/main/conflicts', 'Conflicts');
  const conflict = await page.getByRole('table', { name: 'Conflicts and held rows' }).getByRole('link', { name: 'jobshead 1' }).getAttribute('href');
  return [['conflict', conflict, 'jobshead 1'], ['run', '/pairs/main/runs/1', 'Sync 1'], ['table', '/pairs/main/tables/jobshead', 'jobshead'],
    ['story', '/pairs/main/row?table=jobshead&key=1', 'One row']];
};

const ask = async (page, name, suffix) => {
  await page.getByRole('dialog').waitFor();
  await check(page, name, suffix);
  await shot(page, `${name}-${suffix}`);
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
};

// Questions are looked at while they are open.
const dialogs = async (page, suffix) => {
  await open(page, '/pairs/main/conflicts', 'Conflicts');
  for (const place of [0, 1]) await page.getByRole('checkbox', { name: /^Choose/ }).nth(place).check();
  await page.getByRole('button', { name: 'Take desktop' }).click();
  await ask(page, 'conflicts-dialog', suffix);
  for (const [name, path, heading, action] of [['guard-dialog', '/pairs/main/guard', 'Guard', 'Let it through ...'], ['undo-dialog', '/pairs/main/journal', 'Journal', 'Undo ...']]) {
    await open(page, path, heading);
    await page.getByRole('button', { name: action }).first().click();
    await ask(page, name, suffix);
  }
};

const visit = async (page, suffix) => {
  await logIn(page);
  for (const [name, path, heading] of [...pages, ...await items(page)]) {
    await open(page, path, heading);
    await page.getByText(/^(Looking at|Reading both)/).waitFor({ state: 'detached' });
    expect(await sideways(page) <= 0, `${name} ${suffix} fits its width`);
    await check(page, name, suffix);
    await shot(page, `${name}-${suffix}`);
  }
  await dialogs(page, suffix);
  await page.goto(`${base}/login`);
  await check(page, 'login', suffix);
};

const keyboard = async (page) => {
  await open(page, '/', 'Pairs');
  await page.locator('body').press('Tab');
  equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to the content', 'the first stop of the keyboard');
  expect(await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle !== 'none'), 'the focus is visible');
  await page.getByRole('link', { name: 'main' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'main' }).waitFor();
  equal(await page.evaluate(() => document.activeElement.id), 'main', 'a new page takes the focus');
};

await withPage({ colorScheme: 'light' }, async (page) => { await visit(page, 'light'); await keyboard(page); });
await withPage({ colorScheme: 'dark' }, (page) => visit(page, 'dark'));
await withPage({ colorScheme: 'light', viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true }, (page) => visit(page, 'phone'));
