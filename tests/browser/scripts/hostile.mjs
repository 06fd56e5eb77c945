// What a database holds stays text, whatever it looks like.
import { withPage, logIn, shot, open, equal } from '../browser.mjs';

await withPage({}, async (page) => {
  await logIn(page);
  await open(page, '/pairs/main/conflicts', 'Conflicts');
  await page.getByRole('table', { name: 'Conflicts and held rows' }).getByRole('link').first().click();
  const rows = page.getByRole('table', { name: 'Both rows' });
  for (const text of ['<script>document.title="owned"</script>', '<img src=x onerror=document.title="owned">', '=cmd|calc'])
    await rows.getByText(text, { exact: true }).first().waitFor();
  await shot(page, 'hostile');
  equal(await page.locator('main script, main img').count(), 0, 'elements that came out of cells');
  equal((await page.title()).includes('owned'), false, 'a script of a cell has run');
});
