// The journal: runs whose changes can be taken back, and taking one back after a look at what that would write.
import { h, card, table, button, empty, ask, note, announce } from '/assets/dom.js';
import { get, post, of } from '/assets/api.js';
import { count, counted, when } from '/assets/words.js';
import { problem } from '/assets/app.js';

const written = (counts) => `${count(counts.inserted)} new, ${count(counts.updated)} changed, ${count(counts.deleted)} deleted`;
const total = (counts) => counts.inserted + counts.updated + counts.deleted;

const result = (report) => note(report.left.length ? 'warn' : 'good',
  h('p', { role: 'status' }, `Undone; the next sync carries it to the other side. This was run `, h('code', {}, report.run), ' and can be undone as well.'),
  report.left.map((row) => h('p', { class: 'wrap' }, `${row.table} ${row.key}: ${row.reason}`)));

const question = (preview) => [
  h('p', {}, 'This would be written, as edits that the next sync carries on:'),
  h('ul', {}, preview.tables.map((each) => h('li', {}, h('strong', {}, each.desktop),
    total(each.to_cloud) > 0 && `, cloud: ${written(each.to_cloud)}`, total(each.to_desktop) > 0 && `, desktop: ${written(each.to_desktop)}`))),
  preview.left.length > 0 && h('p', {}, `${counted(preview.left.length, 'row')} stay as they are, because they have changed since.`),
].filter(Boolean);

const undoButton = (pair, run, said) => button('Undo ...', async () => {
  try {
    const preview = await post(of(pair, '/undo'), { run: run.run, dry_run: true });
    if (!await ask('Undo this run?', question(preview), 'Yes, undo it', 'danger')) return;
    said.replaceChildren(result(await post(of(pair, '/undo'), { run: run.run })));
    announce('The run is undone.');
  } catch (error) {
    said.replaceChildren(problem(error));
  }
});

export const journal = async ({ content, pair }) => {
  const said = h('div', {});
  const { runs } = await get(of(pair, '/journal'));
  content.append(h('h1', {}, 'Journal'), h('p', { class: 'soft' }, 'What runs replaced, removed or brought, kept so that it can be put back. An undo is an edit: guarded, kept itself, carried on by the next sync.'),
    said, card(null, runs.length === 0 ? empty('The journal is empty', 'No run has changed a row that was there.')
      : h('div', { class: 'scroll' }, table('Runs that can be undone, newest first', [
        { title: 'Run', main: true, cell: (run) => [h('code', {}, run.run.slice(0, 8)), run.undo && ' (an undo)'] },
        { title: 'When', cell: (run) => when(run.at) },
        { title: 'To cloud', cell: (run) => written(run.to_cloud) },
        { title: 'To desktop', cell: (run) => written(run.to_desktop) },
        { title: 'Action', hidden: true, cell: (run) => undoButton(pair, run, said) },
      ], runs))));
};
