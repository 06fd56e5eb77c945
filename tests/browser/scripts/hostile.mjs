// What a database holds stays text, whatever it looks like, on every page that shows some of it.
import { withPage, logIn, shot, open, equal, expect } from '../browser.mjs';

const markup = '<script>document.title="owned"</script>', picture = '<img src=x onerror=document.title="owned">';
const escapes = '\u001b]0;owned\u0007\u001b[31mred', turned = '\u202Etxt.exe';

const harmless = async (page, where) => {
  equal(await page.locator('main script, main img, main iframe, main svg[onload]').count(), 0, `elements out of cells: ${where}`);
  equal((await page.title()).includes('owned'), false, `a script of a cell has run: ${where}`);
};
const text = (page) => page.locator('main').textContent();
const holds = async (page, parts, where) => {
  const found = await text(page);
  for (const part of parts) expect(found.includes(part), `${JSON.stringify(part)} as text: ${where}`);
  await harmless(page, where);
};

await withPage({}, async (page) => {
  await logIn(page);
  await open(page, '/pairs/main/conflicts', 'Conflicts');
  await holds(page, [`tag ${markup}`], 'conflicts');
  await page.getByRole('table', { name: 'Conflicts and held rows' }).getByRole('link', { name: 'tag' }).first().click();
  const rows = page.getByRole('table', { name: 'Both rows' });
  await rows.waitFor();
  await holds(page, [markup, picture, '=cmd|calc', escapes, turned], 'conflict');
  equal(await rows.getByText('y'.repeat(1000)).count() > 0, true, 'a large cell is shown');
  await open(page, `/pairs/main/row?${new URLSearchParams({ table: 'tag', key: markup })}`, 'One row');
  await page.getByRole('heading', { name: 'Older versions' }).waitFor();
  await holds(page, [markup, '=cmd|calc'], 'story');
  await open(page, '/pairs/main/waiting', 'Held and parked');
  await page.getByRole('table', { name: 'Parked rows' }).waitFor();
  await holds(page, [`tag ${picture}`], 'waiting');
  await open(page, '/pairs/main/guard', 'Guard');
  await page.getByRole('table', { name: 'Every row that would change' }).waitFor();
  await shot(page, 'hostile');
  await holds(page, [`tag ${markup}!`], 'guard');
  await open(page, '/pairs/main/journal', 'Journal');
  await page.getByRole('button', { name: 'Undo ...' }).first().click();
  await page.getByRole('dialog').waitFor();
  await harmless(page, 'journal');
});
