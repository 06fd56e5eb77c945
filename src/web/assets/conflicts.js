// Conflicts: the list with choices for many at once, and one of them side by side.
import { h, badge, card, facts, table, button, empty, ask, announce, note } from '/assets/dom.js';
import { get, post, of } from '/assets/api.js';
import { counted, when, clock, pairPath, kinds } from '/assets/words.js';
import { parts } from '/assets/parts.js';
import { problem } from '/assets/app.js';

const standing = (entry) => (entry.status === 'open' ? badge('warn', 'Waits for you') : badge('good', entry.status === 'kept' ? 'Settled' : 'Chosen'));

const sideWords = { desktop: 'the desktop', cloud: 'the cloud' };

// What became of each, in words; a row that has changed since is never overwritten.
const outcome = (result) => {
  const done = result.resolved.filter((each) => !each.reason).length;
  const rest = result.resolved.filter((each) => each.reason);
  return note(rest.length ? 'warn' : 'good',
    h('p', { role: 'status' }, `${counted(done, 'choice')} taken; the next sync carries ${done === 1 ? 'it' : 'them'} out.`),
    rest.map((each) => h('p', {}, `${each.table} ${each.key}: ${each.reason}`)));
};

const choose = async (pair, ids, take) => {
  if (ids.length > 1 && !await ask(`Take the row of ${sideWords[take]} for ${counted(ids.length, 'conflict')}?`,
    h('p', {}, 'The other rows are kept in the conflict records and in the journal.'), `Take ${ids.length}`)) return null;
  const result = await post(of(pair, '/conflicts/resolve'), { ids, take });
  announce('The choice is taken.');
  return result;
};

const filters = (state, changed) => {
  const kind = h('select', { id: 'kind', on: { change: (event) => changed({ kind: event.target.value }) } },
    [['', 'All'], ['held', 'Held rows'], ['update_update', 'Both changed'], ['update_delete', 'Desktop changed, cloud deleted'],
      ['delete_update', 'Desktop deleted, cloud changed'], ['insert_insert', 'Both had a row'], ['collision', 'Same key for two rows']]
      .map(([value, words]) => h('option', { value, selected: value === state.kind }, words)));
  const open = h('input', { type: 'checkbox', id: 'open', checked: state.open, on: { change: (event) => changed({ open: event.target.checked }) } });
  return h('div', { class: 'fields' },
    h('div', { class: 'field' }, h('label', { for: 'kind' }, 'Kind'), kind),
    h('div', { class: 'row' }, open, h('label', { for: 'open' }, 'Only those that wait for somebody')));
};

const list = (pair, entries, chosen, changed) => h('div', { class: 'scroll' }, table('Conflicts and held rows', [
  { title: 'Chosen', hidden: true, cell: (entry) => entry.status === 'open' && h('input', {
    type: 'checkbox', 'aria-label': `Choose ${entry.table} ${entry.key}`, checked: chosen.has(entry.id),
    on: { change: (event) => { if (event.target.checked) chosen.add(entry.id); else chosen.delete(entry.id); changed(); } } }) },
  { title: 'Row', main: true, cell: (entry) => h('a', { class: 'wrap', href: pairPath(pair, 'conflicts', entry.id) }, `${entry.table} ${entry.key}`) },
  { title: 'What happened', cell: (entry) => kinds[entry.kind] ?? entry.kind },
  { title: 'Holds', cell: (entry) => (entry.winner === 'desktop' || entry.winner === 'cloud' ? entry.winner : '-') },
  { title: 'State', cell: standing },
  { title: 'Found', cell: (entry) => when(entry.at) },
], entries));

export const conflicts = async ({ content, pair }) => {
  const state = { kind: '', open: true };
  const chosen = new Set();
  const result = h('div', {}), count = h('span', { class: 'soft small', role: 'status' });
  const act = (take) => button(`Take ${take}`, async () => {
    try {
      const done = await choose(pair, [...chosen], take);
      if (!done) return;
      result.replaceChildren(outcome(done));
      await refresh();
    } catch (error) {
      result.replaceChildren(problem(error));
    }
  });
  const actions = [act('desktop'), act('cloud')];
  const changed = () => {
    count.textContent = `${counted(chosen.size, 'row')} chosen`;
    for (const each of actions) each.disabled = chosen.size === 0;
  };
  const found = parts(async (after) => {
    const query = new URLSearchParams({ ...(state.kind && { kind: state.kind }), ...(state.open && { open: '1' }), ...(after && { after }) });
    const { conflicts: entries, next } = await get(of(pair, `/conflicts?${query}`));
    return { entries, next };
  }, (entries) => (entries.length === 0
    ? empty('No conflicts', state.open ? 'Nothing waits for somebody.' : 'No two people have changed the same row.')
    : list(pair, entries, chosen, changed)));
  const refresh = async () => {
    chosen.clear();
    changed();
    await found.refresh();
  };
  content.append(h('h1', {}, 'Conflicts'), h('p', { class: 'soft' }, 'Rows that both sides changed. No version is lost: the one that does not hold is kept.'),
    filters(state, (more) => { Object.assign(state, more); refresh().catch((error) => result.replaceChildren(problem(error))); }), result,
    card(null, h('div', { class: 'row' }, actions, count), found.place));
  await refresh();
};

const cell = (text) => (text === null ? h('span', { class: 'null' }, 'empty') : text);

const sideBySide = (entry) => h('div', { class: 'scroll' }, table('Both rows, column by column', [
  { title: 'Column', main: true, cell: (column) => [h('span', { class: 'mark', 'aria-hidden': 'true' }, column.differs ? '*' : ''), column.name,
    column.differs && h('span', { class: 'unseen' }, ' (differs)')] },
  { title: 'Desktop', cell: (column) => h('span', { class: 'cell' }, entry.desktop === null ? h('span', { class: 'null' }, 'no row') : cell(column.desktop)) },
  { title: 'Cloud', cell: (column) => h('span', { class: 'cell' }, entry.cloud === null ? h('span', { class: 'null' }, 'no row') : cell(column.cloud)) },
], entry.columns, (column) => (column.differs ? 'changed' : null)));

const written = ({ stamp, captured }) => (stamp ?? captured ? clock(stamp ?? captured) : 'not known');

export const conflict = async ({ content, pair, item }) => {
  const { conflict: entry } = await get(of(pair, `/conflicts/${encodeURIComponent(item)}`));
  const result = h('div', {});
  const take = (side) => button(`Take ${side}`, async () => {
    try {
      const done = await choose(pair, [entry.id], side);
      result.replaceChildren(outcome(done));
      for (const each of buttons) each.disabled = true;
    } catch (error) {
      result.replaceChildren(problem(error));
    }
  }, entry.status === 'open' ? 'primary' : null);
  const buttons = entry.status === 'open' ? [take('desktop'), take('cloud')]
    : entry.status === 'kept' ? [take(entry.winner === 'desktop' ? 'cloud' : 'desktop')] : [];
  content.append(
    h('p', { class: 'trail' }, h('a', { href: pairPath(pair, 'conflicts') }, 'Conflicts')),
    h('div', { class: 'head' }, h('h1', {}, `${entry.table} ${entry.key}`), standing(entry)),
    h('p', {}, h('strong', {}, kinds[entry.kind] ?? entry.kind), '.', entry.reason && ` Why: ${entry.reason}`),
    card(null, facts([
      ['Found', clock(entry.at)], ['Holds', entry.winner === 'desktop' || entry.winner === 'cloud' ? entry.winner : 'neither, both stay'],
      ['Decided by', [entry.policy, entry.rule].filter((each, at, all) => each && all.indexOf(each) === at).join(', ') || '-'],
      ['Desktop written', written(entry.written.desktop)], ['Cloud written', written(entry.written.cloud)],
    ])),
    card('Both rows', sideBySide(entry)), result,
    buttons.length === 0 ? "" : card(entry.status === 'open' ? 'Which row holds?' : 'Let the other row hold after all?',
      h('div', { class: 'row' }, buttons),
      h('p', { class: 'hint' }, 'The other row is kept. A row that somebody has changed since is not overwritten.')));
};
