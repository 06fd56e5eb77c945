// A row whose parent is missing is parked, with its reason; it is tried again when somebody asks.
import { withPage, logIn, shot, open } from '../browser.mjs';

await withPage({}, async (page) => {
  await logIn(page);
  await open(page, '/pairs/main/waiting', 'Held and parked');
  await page.getByRole('table', { name: 'Parked rows' }).getByText('task 7').waitFor();
  await page.getByRole('table', { name: 'Held rows' }).getByText('jobshead 99').waitFor();
  await shot(page, 'waiting');
  await page.getByRole('button', { name: 'Try them now' }).click();
  await page.getByText('A sync of task is asked for.').first().waitFor();
});
