// The pair is synced, verified, and shows what it does without being reloaded.
import { withPage, logIn, shot, expect } from '../browser.mjs';

await withPage({}, async (page) => {
  await logIn(page);
  await page.locator('#link').getByText('Live').waitFor();
  await page.getByRole('link', { name: 'main' }).click();
  await page.getByRole('heading', { level: 1, name: 'main' }).waitFor();
  const runs = page.getByRole('table', { name: 'Past runs' });
  const results = runs.getByRole('row');
  for (const name of ['Sync', 'Full sync', 'Verify']) {
    const before = await results.count();
    await page.getByRole('button', { name, exact: true }).click();
    await page.getByText(`${name}: asked for.`).waitFor();
    await page.waitForFunction(([rows]) => document.querySelectorAll('main table').length > 0 &&
      [...document.querySelectorAll('table caption')].some((caption) => caption.textContent.startsWith('Past runs') &&
        caption.parentElement.rows.length > rows), [Math.max(before, 1)]);
  }
  await page.getByRole('figure').filter({ hasText: 'Rows a run' }).waitFor();
  await page.getByRole('table', { name: 'Tables' }).getByText('In sync').first().waitFor();
  await shot(page, 'pair');
  await runs.getByRole('link', { name: /^verify/ }).first().click();
  await page.getByRole('table', { name: 'What the proof says' }).getByText('Equal', { exact: true }).first().waitFor();
  await page.goBack();
  await runs.getByRole('link', { name: /^sync/ }).last().click();
  await page.getByRole('table', { name: 'What the run did' }).waitFor();
  expect(await page.getByText('Exit code').count() === 1, 'a run shows its exit code');
  await shot(page, 'run');
});
