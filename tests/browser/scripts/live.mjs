// A run that is held at work shows on the overview and on its pair's page, and its end shows by itself.
import { existsSync, writeFileSync } from 'node:fs';
import { withPage, logIn, shot, open } from '../browser.mjs';

const gate = process.env.TIDEWAY_PAUSE;
const reached = async () => {
  const end = Date.now() + 20000;
  while (!existsSync(`${gate}.reached`)) {
    if (Date.now() > end) throw new Error('the run never reached the place where it is held');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

await withPage({}, async (page) => {
  await logIn(page);
  await open(page, '/pairs/main', 'main');
  await page.getByRole('button', { name: 'Sync', exact: true }).click();
  await reached();
  await page.getByRole('heading', { name: 'Running now' }).waitFor();
  await page.getByRole('progressbar', { name: 'Progress of the run' }).waitFor();
  await shot(page, 'running');
  writeFileSync(`${gate}.go`, '');
  await page.getByRole('heading', { name: 'Running now' }).waitFor({ state: 'detached' });
  await page.locator('#announce').getByText('A run of main has ended').waitFor({ state: 'attached' });
});
