// One past run with its report.
import { h, badge, facts, card, table, note, empty } from '/assets/dom.js';
import { get, of } from '/assets/api.js';
import { count, span, clock, tableName, pairPath, statuses, states, reasons } from '/assets/words.js';

const written = (counts) => `${count(counts.inserted)} new, ${count(counts.updated)} changed, ${count(counts.deleted)} deleted`;
const number = (title, name) => ({ title, number: true, cell: (each) => count(each[name] ?? 0) });
const shield = ({ before, after }) => (after === null ? '-' : `${count(before)} / ${count(after)}`);

const syncTables = (report) => table('What the run did to each table', [
  { title: 'Table', main: true, cell: tableName },
  { title: 'To cloud', cell: (each) => written(each.to_cloud) },
  { title: 'To desktop', cell: (each) => written(each.to_desktop) },
  { title: 'Conflicts', number: true, cell: (each) => count(each.conflicts + each.open_conflicts) },
  number('Held', 'held'), number('Parked', 'parked'), number('In flight', 'pending'),
  { title: 'Protected before / after', number: true, cell: (each) => shield(each.protected) },
], report.tables);

const verifyTables = (report) => table('What the proof says of each table', [
  { title: 'Table', main: true, cell: tableName },
  { title: 'State', cell: (each) => badge(...(states[each.state] ?? ['plain', each.state])) },
  number('Rows', 'rows'), number('Differences', 'differences'), number('Listed', 'listed'), number('Changing', 'changing'),
], report.tables);

const stops = (report) => (report.guard ?? []).map((stop) =>
  note(stop.stopped ? 'bad' : 'warn', h('p', {}, h('strong', {}, stop.table || 'The run'), ': ', stop.what)));

const leftOut = (report) => report.tables.filter((each) => each.not_synced ?? each.not_compared).map((each) =>
  note('warn', h('p', {}, h('strong', {}, tableName(each)), ': ', each.not_synced ?? each.not_compared)));

const reportCard = (run) => {
  const report = run.report;
  if (!report?.tables) return card('Report', empty('No report', 'The run ended before it had one.'));
  return card('Report', stops(report), leftOut(report),
    h('div', { class: 'scroll' }, run.command === 'verify' ? verifyTables(report) : syncTables(report)),
    (report.remarks ?? []).map((remark) => h('p', { class: 'small soft' }, remark)));
};

export const run = async ({ content, pair, item }) => {
  const { run: past } = await get(of(pair, `/runs/${encodeURIComponent(item)}`));
  content.append(
    h('p', { class: 'trail' }, h('a', { href: pairPath(pair) }, pair)),
    h('div', { class: 'head' }, h('h1', {}, `${past.command === 'verify' ? 'Verify' : 'Sync'} ${past.number}`),
      badge(...(statuses[past.status] ?? ['plain', past.status]))),
    past.error && note('bad', h('p', {}, h('strong', {}, past.error.message), ` (${past.error.code})`), h('p', {}, past.error.hint)),
    card(null, facts([
      ['Began', clock(past.started_at)], ['Took', span(past.duration_ms / 1000)], ['Why', reasons[past.why] ?? past.why],
      ['Job', past.job || '-'], ['Exit code', String(past.exit_code)],
    ])),
    reportCard(past));
};
