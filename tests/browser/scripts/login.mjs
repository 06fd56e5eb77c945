import { base, token, withPage, logIn, shot, expect } from '../browser.mjs';

await withPage({}, async (page, context) => {
  await page.goto(base);
  await page.waitForURL('**/login');
  await page.getByLabel('Token').fill(`${token}x`);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByText('That is not the token.').waitFor();
  await shot(page, 'login');
  await logIn(page);
  const [cookie] = await context.cookies();
  expect(cookie.httpOnly && cookie.sameSite === 'Strict', 'the cookie is for this site alone, and not for scripts');
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.waitForURL('**/login');
  await context.addCookies([cookie]);
  await page.goto(base);
  await page.waitForURL('**/login');
});
