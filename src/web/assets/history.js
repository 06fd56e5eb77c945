// What runs did to one table, from the records beside the desktop's rows: those of other programs too.
import { h, badge, card, table, empty } from '/assets/dom.js';
import { get, of } from '/assets/api.js';
import { count, span, when, pairPath, statuses } from '/assets/words.js';

const written = (counts) => (counts.inserted + counts.updated + counts.deleted === 0 ? '-'
  : `${count(counts.inserted)} new, ${count(counts.updated)} changed, ${count(counts.deleted)} deleted`);
const number = (title, field) => ({ title, number: true, cell: (each) => count(each[field]) });

const list = (name, runs) => h('div', { class: 'scroll' }, table(`What runs did to ${name}, newest first`, [
  { title: 'When', main: true, cell: (run) => when(run.at) },
  { title: 'Result', cell: (run) => [badge(...(statuses[run.status] ?? ['plain', run.status])), run.reason && h('div', { class: 'small wrap' }, run.reason)] },
  { title: 'Kind', cell: (run) => `${run.mode}, ${run.direction === 'both' ? 'both ways' : run.direction}` },
  { title: 'To cloud', cell: (run) => written(run.to_cloud) },
  { title: 'To desktop', cell: (run) => written(run.to_desktop) },
  number('Linked', 'adopted'),
  { title: 'Conflicts', number: true, cell: (run) => count(run.conflicts + run.open_conflicts) },
  number('Held', 'held'), number('Parked', 'parked'), number('In flight', 'pending'),
  { title: 'Took', number: true, cell: (run) => span(run.duration_ms / 1000) },
], runs));

export const history = async ({ content, pair, item }) => {
  const { runs } = await get(of(pair, `/tables/${encodeURIComponent(item)}/runs`));
  content.append(
    h('p', { class: 'trail' }, h('a', { href: pairPath(pair) }, pair)),
    h('h1', {}, item), h('p', { class: 'soft' }, 'The last runs that wrote this table, linked rows of it, or left some waiting.'),
    card(null, runs.length === 0 ? empty('No run yet', 'No recorded run had anything to do with this table.') : list(item, runs)));
};
