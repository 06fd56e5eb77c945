// While a database is down the console says so, says which and until when it waits, and stays usable.
import { withPage, logIn, shot, open } from '../browser.mjs';

await withPage({}, async (page) => {
  await logIn(page);
  await page.getByText('Waiting for a database').waitFor();
  await page.getByText(/cloud: connect/).first().waitFor();
  await shot(page, 'outage');
  await page.getByRole('link', { name: 'main' }).click();
  await page.getByText(/It looks again .*, or as soon as it is back/).waitFor();
  await page.getByRole('table', { name: 'Past runs, newest first' }).getByText('Failed').first().waitFor();
  await shot(page, 'outage-pair');
  await open(page, '/pairs/main/settings', 'Settings');
});
