// A run is taken back after a second question; a row tells its story.
import { withPage, logIn, shot, open } from '../browser.mjs';

await withPage({}, async (page) => {
  await logIn(page);
  await open(page, '/pairs/main/journal', 'Journal');
  await page.getByRole('table', { name: 'Runs that can be undone, newest first' }).getByText('1 changed').first().waitFor();
  await shot(page, 'journal');
  await page.getByRole('button', { name: 'Undo ...' }).first().click();
  await page.getByRole('dialog').getByText('1 changed').waitFor();
  await shot(page, 'undo');
  await page.getByRole('button', { name: 'Yes, undo it' }).click();
  await page.getByText('Undone; the next sync carries it').waitFor();
  await open(page, '/pairs/main/row', 'One row');
  await page.getByLabel('Table').selectOption('jobshead');
  await page.getByLabel('Key').fill('3');
  await page.getByRole('button', { name: 'Show' }).click();
  await page.getByRole('table', { name: 'What runs did to the row, newest first' }).getByText('a person took back').waitFor();
  await shot(page, 'story');
});
