// Rows that wait: held by a rule of the configuration, or parked because the other database refuses them.
import { h, card, table, button, empty, announce } from '/assets/dom.js';
import { get, post, of } from '/assets/api.js';
import { when, counted, pairPath } from '/assets/words.js';
import { parts } from '/assets/parts.js';
import { problem } from '/assets/app.js';

const held = (pair, entries) => (entries.length === 0 ? empty('Nothing is held', 'No rule keeps a change from crossing.')
  : h('div', { class: 'scroll' }, table('Held rows', [
    { title: 'Row', main: true, cell: (entry) => h('a', { class: 'wrap', href: pairPath(pair, 'conflicts', entry.id) }, `${entry.table} ${entry.key}`) },
    { title: 'Why', cell: (entry) => entry.reason },
    { title: 'Rule', cell: (entry) => entry.rule ?? '-' },
    { title: 'Since', cell: (entry) => when(entry.at) },
  ], entries)));

const parked = (entries) => (entries.length === 0 ? empty('Nothing is parked', 'The other database takes every row.')
  : h('div', { class: 'scroll' }, table('Parked rows', [
    { title: 'Row', main: true, cell: (entry) => h('span', { class: 'wrap' }, `${entry.table} ${entry.key}`) },
    { title: 'Why', cell: (entry) => [entry.reason, entry.detail && h('div', { class: 'soft small wrap' }, entry.detail)] },
    { title: 'Code', cell: (entry) => h('code', {}, entry.sqlstate || '-') },
    { title: 'Since', cell: (entry) => when(entry.since) },
  ], entries)));

// A list of the API under a heading with its length, as far as that is known.
const listed = (pair, path, field, words, show) => {
  const heading = h('h2', {});
  const found = parts(async (after) => {
    const page = await get(of(pair, `${path}${after && `${path.includes('?') ? '&' : '?'}${new URLSearchParams({ after })}`}`));
    return { entries: page[field], next: page.next };
  }, (entries, more) => {
    heading.textContent = `${words}: ${counted(entries.length, 'row')}${more ? ' and more' : ''}`;
    return show(entries);
  });
  return { ...found, heading };
};

export const waiting = async ({ content, pair }) => {
  const said = h('div', { role: 'status' });
  const retry = button('Try them now', async () => {
    try {
      const answer = await post(of(pair, '/parked/retry'));
      said.textContent = answer.tables ? `A sync of ${answer.tables.join(', ')} is asked for.` : 'Nothing is parked any more.';
      announce(said.textContent);
    } catch (error) {
      said.replaceChildren(problem(error));
    }
  }, 'primary');
  const action = h('div', { class: 'row' }, retry, h('span', { class: 'hint' }, 'Every ordinary run tries them too.'));
  const stopped = listed(pair, '/conflicts?kind=held&open=1', 'conflicts', 'Held', (entries) => held(pair, entries));
  const refused = listed(pair, '/parked', 'parked', 'Parked', (entries) => {
    action.hidden = entries.length === 0;
    return parked(entries);
  });
  await Promise.all([stopped.refresh(), refused.refresh()]);
  content.append(h('h1', {}, 'Held and parked'),
    h('p', { class: 'soft' }, 'Both rows of a key that waits stay as they are. Nothing is dropped.'),
    card(null, stopped.heading, stopped.place), card(null, refused.heading, refused.place, action, said));
};
