// All pairs, each on a card.
import { h, badge, facts, empty } from '/assets/dom.js';
import { get, of } from '/assets/api.js';
import { listen, calmly } from '/assets/live.js';
import { count, lag, when, pairPath, phases, statuses, waitingRows, wayOut } from '/assets/words.js';

const sum = (tables, ...names) => tables.reduce((all, table) => all + names.reduce((n, name) => n + table[name], 0), 0);

const oldest = (moments) => (moments.some((each) => !each) ? null : [...moments].sort()[0] ?? null);

const protectedRows = (pair) => {
  const rows = pair.last?.sums?.protected ?? pair.last_good?.sums?.protected;
  return rows?.after === null || rows?.after === undefined ? '-' : count(rows.after);
};

const details = (pair, status) => facts([
  ['Lag', lag(pair.lag_seconds)],
  ['Last good run', when(pair.last_good?.finished_at ?? null)],
  ['Last proven equal', status ? when(oldest(status.tables.map((table) => table.last_proof))) : '-'],
  ['Open conflicts', status ? waitingRows(pair.name, 'conflicts', sum(status.tables, 'open_conflicts')) : '-'],
  ['Held and parked', status ? waitingRows(pair.name, 'waiting', sum(status.tables, 'held', 'parked')) : '-'],
  ['In flight', status ? count(sum(status.tables, 'pending')) : '-'],
  ['Protected rows', protectedRows(pair)],
]);

const pairCard = (pair) => {
  const [kind, words] = phases[pair.phase];
  const [lastKind, lastWords] = pair.last ? statuses[pair.last.status] ?? ['plain', pair.last.status] : ['plain', 'No run yet'];
  const place = h('div', {}, details(pair, null));
  get(of(pair.name, '/status')).then((status) => place.replaceChildren(details(pair, status)))
    .catch((error) => place.append(h('p', { class: 'small soft' }, error.message)));
  return h('section', { class: 'card', 'data-pair': pair.name },
    h('div', { class: 'head' }, h('h2', {}, h('a', { href: pairPath(pair.name) }, pair.name)), badge(kind, words, pair.phase === 'running')),
    h('p', {}, 'Last run: ', badge(lastKind, lastWords)),
    pair.reason && h('p', { class: 'small wrap' }, pair.reason), wayOut(pair) && h('p', { class: 'small wrap' }, wayOut(pair)), place);
};

export const overview = async ({ content, whenLeft }) => {
  const cards = h('div', { class: 'cards' });
  const refresh = async () => {
    const { pairs } = await get('/pairs');
    cards.replaceChildren(...pairs.map(pairCard));
    if (pairs.length === 0) cards.append(empty('No pair is served', 'Start tideway serve with a configuration.'));
  };
  content.append(h('h1', {}, 'Pairs'), h('p', { class: 'soft' }, 'Two databases each, kept the same in both directions.'), cards);
  await refresh();
  const later = calmly(refresh);
  whenLeft(listen((kind) => { if (kind === 'finished' || kind === 'phase') later(); }));
};
