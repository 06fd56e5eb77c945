import { base, withPage, shot } from '../browser.mjs';

await withPage({ javaScriptEnabled: false }, async (page) => {
  await page.goto(base);
  await page.getByText('This console needs JavaScript').waitFor();
  await page.getByText('tideway conflicts list').waitFor();
  await shot(page, 'without-scripts');
});
