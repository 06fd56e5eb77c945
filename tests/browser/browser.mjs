// What the scripts share: a browser, a logged-in page, checks that name what they expected.
import { createRequire } from 'node:module';
import { mkdtempSync, rmSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// The packages lie in the build folder, not in the source tree.
const require = createRequire(join(process.env.TIDEWAY_BROWSER_MODULES, 'package.json'));
const { chromium } = require('playwright-core');
export const axePath = require.resolve('axe-core/axe.min.js');

export const { TIDEWAY_CONSOLE_URL: base, TIDEWAY_CONSOLE_TOKEN: token, TIDEWAY_SCREENSHOTS: screens } = process.env;

export const expect = (holds, what) => {
  if (!holds) throw new Error(`expected: ${what}`);
};
export const equal = (found, wanted, what) =>
  expect(JSON.stringify(found) === JSON.stringify(wanted), `${what}: ${JSON.stringify(wanted)}, found ${JSON.stringify(found)}`);

// What stands beside a name in a list of facts.
export const fact = (page, name) => page.locator('dl.facts > div').filter({ has: page.locator('dt', { hasText: new RegExp(`^${name}$`) }) }).locator('dd').first();

export const shot = async (page, name) => {
  mkdirSync(screens, { recursive: true });
  await page.screenshot({ path: join(screens, `${name}.png`), fullPage: true });
};

const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];

// Runs work(page) in a browser of its own. Nothing may appear on the page's console as an error, no script may fail,
// and no request may leave the console's own origin.
export const withPage = async (options, work) => {
  const folder = mkdtempSync(join(tmpdir(), 'tideway-browser-'));
  const context = await chromium.launchPersistentContext(folder, {
    executablePath: '/usr/bin/chromium', args: flags, viewport: { width: 1200, height: 800 }, ...options });
  const troubles = [];
  const watch = (page) => {
    page.setDefaultTimeout(20000);
    page.on('pageerror', (error) => troubles.push(`script: ${error.message}`));
    page.on('console', (message) => {
      const refused = /status of (400|401|403|404|409|422|429|503)/.test(message.text());
      if (message.type() === 'error' && !refused) troubles.push(`console: ${message.text()}`);
    });
    page.on('dialog', (dialog) => { troubles.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
    page.on('request', (request) => { if (!request.url().startsWith(base)) troubles.push(`request: ${request.url()}`); });
  };
  try {
    const page = context.pages()[0] ?? await context.newPage();
    watch(page);
    try {
      await work(page, context);
    } catch (error) {
      await shot(page, `failed-${process.env.TIDEWAY_SCRIPT}`).catch(() => {});
      throw error;
    }
    equal(troubles, [], 'nothing went wrong on the page');
  } finally {
    await context.close();
    rmSync(folder, { recursive: true, force: true });
  }
};

export const logIn = async (page) => {
  await page.goto(`${base}/login`);
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('heading', { name: 'Pairs' }).waitFor();
};

// The page is there when its content is.
export const open = async (page, path, heading) => {
  await page.goto(base + path);
  await page.getByRole('heading', { level: 1, name: heading }).waitFor();
  await page.locator('main > div:not([aria-busy])').waitFor();
};
