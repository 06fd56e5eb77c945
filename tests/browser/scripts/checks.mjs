// Doctor's findings and the settings, without the secrets that stand in the file.
import { withPage, logIn, shot, open, expect } from '../browser.mjs';

await withPage({}, async (page) => {
  await logIn(page);
  await open(page, '/pairs/main/doctor', 'Doctor');
  await page.getByText('Looking at both databases ...').waitFor({ state: 'detached' });
  await page.getByText(/Ready to sync|must be mended/).waitFor();
  await shot(page, 'doctor');
  await open(page, '/pairs/main/settings', 'Settings');
  const text = await page.locator('pre').textContent();
  expect(text.includes('[[table]]') && text.includes('jobshead'), 'the settings are shown');
  expect(!text.includes('hidden-secret'), 'no secret is shown');
  await shot(page, 'settings');
  await open(page, '/pairs/main', 'main');
  await page.goto(page.url().replace('main', 'nowhere'));
  await page.getByText('no pair "nowhere" is served here').waitFor();
});
