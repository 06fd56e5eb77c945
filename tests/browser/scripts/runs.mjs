// The pair is synced, verified, and shows what it does without being reloaded.
import { withPage, logIn, shot, open, expect, equal, fact } from '../browser.mjs';

// The figure has a unit, and goes on while nobody does anything.
const lagMoves = async (page) => {
  const lag = fact(page, 'Lag');
  const first = await lag.textContent();
  expect(/^[0-9.]+ (ms|s|min)$/.test(first), `a time with its unit, not ${first}`);
  await page.waitForFunction(([text]) => document.querySelector('[data-since]').textContent !== text, [first]);
};

await withPage({}, async (page) => {
  await logIn(page);
  await page.locator('#link').getByText('Live').waitFor();
  equal(await fact(page, 'Lag').textContent(), '-', 'the lag before any run');
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
  await page.getByRole('figure').filter({ hasText: 'Rows a run' }).getByText('40 in all').waitFor();
  await page.getByRole('figure').filter({ hasText: 'Conflicts a run' }).getByText('0 conflicts').waitFor();
  await page.getByRole('figure').filter({ hasText: 'Lag' }).getByText(/at most [0-9.]+ (ms|s|min)/).waitFor();
  await page.getByRole('table', { name: 'Tables' }).getByText('In sync').first().waitFor();
  await shot(page, 'pair');
  await runs.getByRole('link', { name: /^verify/ }).first().click();
  await page.getByRole('table', { name: 'What the proof says' }).getByText('Equal', { exact: true }).first().waitFor();
  await page.goBack();
  await runs.getByRole('link', { name: /^sync/ }).last().click();
  await page.getByRole('table', { name: 'What the run did' }).waitFor();
  expect(await page.getByText('Exit code').count() === 1, 'a run shows its exit code');
  await shot(page, 'run');
  await open(page, '/pairs/main', 'main');
  await page.getByRole('table', { name: 'Tables of this pair' }).getByRole('link', { name: 'jobshead' }).click();
  await page.getByRole('heading', { level: 1, name: 'jobshead' }).waitFor();
  const past = page.getByRole('table', { name: 'What runs did to jobshead' });
  await past.getByText('40 new, 0 changed, 0 deleted').waitFor();
  equal(await past.getByRole('row').count(), 2, 'runs that had to do with the table, with the heading');
  await shot(page, 'table');
  await open(page, '/', 'Pairs');
  await lagMoves(page);
});
