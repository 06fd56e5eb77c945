// Long lists come in parts: older ones when somebody asks for them, and what was chosen stays chosen.
import { withPage, logIn, shot, open, equal } from '../browser.mjs';

await withPage({}, async (page) => {
  await logIn(page);
  await open(page, '/pairs/main/conflicts', 'Conflicts');
  const rows = page.getByRole('table', { name: 'Conflicts and held rows' }).getByRole('row');
  equal(await rows.count(), 101, 'rows of the first part, with the heading');
  await page.getByRole('checkbox', { name: /^Choose/ }).first().check();
  const older = page.getByRole('button', { name: 'Show older ones' });
  await older.click();
  await rows.nth(200).waitFor();
  await page.getByText('1 row chosen').waitFor();
  equal(await page.getByRole('checkbox', { name: /^Choose/ }).first().isChecked(), true, 'the choice is kept');
  await older.click();
  await rows.nth(250).waitFor();
  await older.waitFor({ state: 'detached' });
  equal(await rows.count(), 251, 'all of them, each once');
  equal(new Set(await rows.getByRole('link').allTextContents()).size, 250, 'different ones');
  await page.getByLabel('Kind').selectOption('held');
  await page.getByText('No conflicts').waitFor();
  await shot(page, 'conflicts-parts');
  await open(page, '/pairs/main/waiting', 'Held and parked');
  await page.getByRole('heading', { name: 'Parked: 100 rows and more' }).waitFor();
  await page.getByRole('button', { name: 'Show older ones' }).click();
  await page.getByRole('heading', { name: 'Parked: 150 rows', exact: true }).waitFor();
  await shot(page, 'waiting-parts');
});
