// What a guard has stopped, and letting it through after a second question.
import { h, badge, card, table, button, empty, ask, note } from '/assets/dom.js';
import { get, post, of } from '/assets/api.js';
import { counted } from '/assets/words.js';
import { problem } from '/assets/app.js';

const stopTable = (stops) => h('div', { class: 'scroll' }, table('What was stopped', [
  { title: 'Table', main: true, cell: (stop) => stop.table || 'the run' },
  { title: 'What', cell: (stop) => stop.what },
  { title: 'Reason', cell: (stop) => h('code', {}, stop.reason) },
  { title: 'Effect', cell: (stop) => badge(stop.stopped ? 'bad' : 'warn', stop.stopped ? 'Stopped' : 'Only told') },
], stops));

const rowTable = ({ rows, more_rows: more }) => (rows.length === 0 ? '' : card(`Rows: ${more ? 'the first ' : ''}${counted(rows.length, 'change')}`,
  h('div', { class: 'scroll' }, table('Every row that would change', [
    { title: 'Row', main: true, cell: (row) => h('span', { class: 'wrap' }, `${row.table} ${row.key}`) },
    { title: 'Action', cell: (row) => row.action },
    { title: 'Why', cell: (row) => row.reason },
    { title: 'Rule', cell: (row) => row.rule },
  ], rows)),
  more ? h('p', { class: 'soft small' }, 'There are more; tideway plan --rows has all.') : ''));

const planOf = (pair, run) => get(of(pair, `/plan?${new URLSearchParams(
  [['mode', run.mode], ['direction', run.direction], ...run.tables.map((name) => ['table', name])])}`));

const letThrough = (pair, run, hash, stops, said) => button('Let it through ...', async () => {
  const yes = await ask('Let this through?', [
    h('p', {}, 'This will be done, to exactly these rows:'),
    h('ul', {}, stops.filter((stop) => stop.stopped).map((stop) => h('li', {}, h('strong', {}, stop.table || 'the run'), ': ', stop.what))),
    h('p', {}, 'Rows that have moved since are left out. What is replaced or deleted is kept in the journal.'),
  ], 'Yes, let it through', 'danger');
  if (!yes) return;
  try {
    await post(of(pair, '/runs'), { command: 'sync', mode: run.mode, direction: run.direction, tables: run.tables, confirm: hash });
    said.replaceChildren(note('good', h('p', { role: 'status' }, 'A run that lets these rows through is asked for.')));
  } catch (error) {
    said.replaceChildren(problem(error));
  }
}, 'danger');

export const guard = async ({ content, pair }) => {
  content.append(h('h1', {}, 'Guard'), h('p', { class: 'soft' }, 'A table that would lose or change too much at once is stopped before anything of it is written.'));
  const status = await get(of(pair, '/status'));
  const hash = status.stopped_plan;
  if (!hash) {
    content.append(card(null, empty('Nothing is stopped', 'The last run was within every limit.')));
    return;
  }
  const wait = h('p', { class: 'soft', role: 'status' }, 'Reading both sides for the plan ...');
  content.append(wait);
  const run = status.stopped_run;
  const plan = await planOf(pair, run);
  wait.remove();
  const said = h('div', {});
  content.append(
    card('What was stopped', stopTable(plan.guard),
      plan.plan_hash !== hash ? note('warn', h('p', {}, 'The data has changed since the run that was stopped. Only rows that are as they were then are let through.')) : '',
      h('p', { class: 'small soft' }, 'Plan ', h('code', {}, hash)), h('div', { class: 'row' }, letThrough(pair, run, hash, plan.guard, said)), said),
    rowTable(plan));
};
