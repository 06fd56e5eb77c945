// Conflicts side by side, choices for one and for many. Jobs 1 to 4 were changed on both sides.
import { withPage, logIn, shot, open, equal, expect } from '../browser.mjs';

await withPage({}, async (page) => {
  await logIn(page);
  await open(page, '/pairs/main/conflicts', 'Conflicts');
  const list = page.getByRole('table', { name: 'Conflicts and held rows' });
  equal(await list.getByRole('row').count(), 5, 'rows of the list, with its heading');
  await shot(page, 'conflicts');
  await list.getByRole('link', { name: 'jobshead 1' }).click();
  const rows = page.getByRole('table', { name: 'Both rows' });
  await rows.waitFor();
  const marked = await rows.locator('tr.changed td:first-child').allTextContents();
  expect(marked.some((each) => each.includes('status') && each.includes('(differs)')), 'the differing column is marked by a word');
  expect(!marked.some((each) => each.includes('job_name')), 'the equal column is not marked');
  await rows.getByText('Desktop 1').waitFor();
  await rows.getByText('Cloud 1').waitFor();
  await shot(page, 'conflict');
  await page.getByRole('button', { name: 'Take cloud' }).click();
  await page.getByText('1 choice taken').waitFor();
  expect(await page.getByRole('button', { name: 'Take desktop' }).isDisabled(), 'a choice is taken once');

  await open(page, '/pairs/main/conflicts', 'Conflicts');
  for (const job of [2, 3]) await page.getByLabel(`Choose jobshead ${job}`).check();
  await page.getByRole('button', { name: 'Take desktop' }).click();
  const question = page.getByRole('dialog');
  await question.getByText('Take the row of the desktop for 2 conflicts?').waitFor();
  await shot(page, 'conflicts-question');
  await question.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Take desktop' }).click();
  await question.getByRole('button', { name: 'Take 2' }).click();
  await page.getByText('2 choices taken').waitFor();
  await open(page, '/pairs/main', 'main');
  await page.getByRole('figure').filter({ hasText: 'Conflicts a run' }).getByText('4 conflicts').waitFor();
});
