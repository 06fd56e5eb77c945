// A stopped table is let through only after a second question that names the counts.
import { withPage, logIn, shot } from '../browser.mjs';

await withPage({}, async (page) => {
  await logIn(page);
  await page.getByRole('link', { name: 'Look at what was stopped' }).click();
  await page.getByRole('heading', { level: 1, name: 'Guard' }).waitFor();
  const what = /delete 30 of 40 rows/;
  await page.getByRole('table', { name: 'What was stopped' }).getByText(what).waitFor();
  await page.getByRole('table', { name: 'Every row that would change' }).waitFor();
  await page.getByRole('button', { name: 'Let it through ...' }).click();
  const question = page.getByRole('dialog');
  await question.getByText(what).waitFor();
  await shot(page, 'guard-question');
  await page.keyboard.press('Escape');
  await question.waitFor({ state: 'detached' });
  await shot(page, 'guard');
  await page.getByRole('button', { name: 'Let it through ...' }).click();
  await question.getByRole('button', { name: 'Yes, let it through' }).click();
  await page.getByText('A run that lets these rows through is asked for.').waitFor();
});
