// One pair: what it does now, how its tables stand, what it did.
import { h, badge, facts, card, table, button, announce, empty, note } from '/assets/dom.js';
import { get, post, of } from '/assets/api.js';
import { listen, calmly } from '/assets/live.js';
import { plots } from '/assets/plots.js';
import { count, lag, span, when, tableName, pairPath, phases, statuses, states, reasons, waitingRows, wayOut } from '/assets/words.js';
import { problem } from '/assets/app.js';

const heading = (pair) => {
  const [kind, words] = phases[pair.phase];
  return [h('div', { class: 'head' }, h('h1', {}, pair.name), badge(kind, words, pair.phase === 'running')),
    pair.reason && note(pair.phase === 'failed' ? 'bad' : 'warn', h('p', {}, pair.reason),
      pair.until && h('p', { class: 'small soft' }, 'It looks again ', when(pair.until), ', or as soon as it is back.'), wayOut(pair) && h('p', {}, wayOut(pair)))];
};

const summary = (pair, status, runs) => {
  const sum = (name) => status.tables.reduce((all, each) => all + each[name], 0);
  const proofs = status.tables.map((each) => each.last_proof);
  const safe = runs.find((run) => run.sums?.protected?.after !== null && run.sums?.protected?.after !== undefined)?.sums.protected;
  return facts([
    ['Lag', lag(pair.lag_seconds)],
    ['Last good run', when(pair.last_good?.finished_at ?? null)],
    ['Last proven equal', when(proofs.length && proofs.every(Boolean) ? proofs.sort()[0] : null)],
    ['Rows in sync', count(sum('rows'))],
    ['Open conflicts', waitingRows(pair.name, 'conflicts', sum('open_conflicts'))],
    ['Held and parked', waitingRows(pair.name, 'waiting', sum('held') + sum('parked'))],
    ['In flight', count(sum('pending'))],
    ['Protected rows, before and after', safe ? `${count(safe.before)} and ${count(safe.after)}` : '-'],
    ['Told at once', [pair.listens.desktop && 'desktop', pair.listens.cloud && 'cloud'].filter(Boolean).join(' and ') || 'no, it asks regularly'],
  ]);
};

const tables = (name, status) => {
  if (status.tables.length === 0) return empty('No tables', 'The configuration names none.');
  const number = (title, field) => ({ title, number: true, cell: (each) => count(each[field]) });
  return h('div', { class: 'scroll' }, table('Tables of this pair', [
    { title: 'Table', main: true, cell: (each) => h('a', { href: pairPath(name, 'tables', each.desktop) }, tableName(each)) },
    { title: 'State', cell: (each) => badge(...(states[each.state] ?? ['plain', each.state])) },
    number('Rows', 'rows'), number('Conflicts', 'open_conflicts'), number('Held', 'held'), number('Parked', 'parked'), number('In flight', 'pending'),
    { title: 'Last proof', cell: (each) => when(each.last_proof) },
  ], status.tables), status.tables.filter((each) => each.reason).map((each) =>
    note('warn', h('p', {}, h('strong', {}, tableName(each)), ': ', each.reason))));
};

const history = (name, runs) => {
  if (runs.length === 0) return empty('No run yet', 'Runs of this service will stand here.');
  return h('div', { class: 'scroll' }, table('Past runs, newest first', [
    { title: 'Run', main: true, cell: (run) => h('a', { href: pairPath(name, 'runs', run.number) }, `${run.command} ${run.number}`) },
    { title: 'Result', cell: (run) => badge(...(statuses[run.status] ?? ['plain', run.status])) },
    { title: 'Why', cell: (run) => reasons[run.why] ?? run.why },
    { title: 'Ended', cell: (run) => when(run.finished_at) },
    { title: 'Took', number: true, cell: (run) => span(run.duration_ms / 1000) },
    { title: 'To cloud', number: true, cell: (run) => count(run.sums?.to_cloud) },
    { title: 'To desktop', number: true, cell: (run) => count(run.sums?.to_desktop) },
  ], runs));
};

const jobs = (pair) => (pair.jobs.length === 0 ? h('p', { class: 'soft' }, 'No job is planned.') : table('Jobs', [
  { title: 'Job', main: true, cell: (job) => job.name },
  { title: 'Does', cell: (job) => (job.command === 'sync' ? `sync, ${job.mode}, ${job.direction === 'both' ? 'both ways' : job.direction}` : job.command) },
  { title: 'Next', cell: (job) => when(job.next_at, 'not planned') },
], pair.jobs));

const live = (pair) => {
  const run = pair.live;
  if (!run) return null;
  const share = run.total > 0 ? { value: Math.min(run.done, run.total), max: run.total } : {};
  return card('Running now',
    h('p', {}, `${run.job || 'run'}: `, run.phase || 'starting', run.table && `, ${run.table}`,
      run.total > 0 ? ` (${count(run.done)} of ${count(run.total)} rows)` : run.done > 0 && ` (${count(run.done)} rows)`),
    h('progress', { ...share, 'aria-label': 'Progress of the run' }));
};

const runButtons = (name) => {
  const said = h('p', { class: 'small soft', role: 'status' });
  const go = (words, wanted, kind) => button(words, async () => {
    try {
      await post(of(name, '/runs'), wanted);
      said.textContent = `${words}: asked for.`;
    } catch (error) {
      said.textContent = `${words}: ${error.message} ${error.hint}`;
    }
  }, kind);
  return card('Run now', h('div', { class: 'row' },
    go('Sync', { command: 'sync' }, 'primary'), go('Full sync', { command: 'sync', mode: 'full' }),
    go('Verify', { command: 'verify' })),
  h('p', { class: 'hint' }, 'Sync looks at what may have changed, full sync compares every row with what both sides agreed on, verify proves that both sides are equal and writes nothing.'), said);
};

const follow = (name, parts, refresh) => listen((kind, data) => {
  if (data.pair !== name) return;
  if (kind !== 'progress') {
    if (kind === 'started') announce(`A run of ${name} has begun.`);
    if (kind === 'finished') announce(`A run of ${name} has ended: ${statuses[data.status]?.[1] ?? data.status ?? ''}`);
    refresh();
  } else if (parts.pair) {
    parts.pair.live = { ...parts.pair.live, ...data };
    parts.live.replaceChildren(live(parts.pair) ?? '');
  }
});

export const pair = async ({ content, pair: name, whenLeft }) => {
  const parts = { pair: null, head: h('div', {}), live: h('div', {}), summary: h('div', {}), tables: h('div', {}), plots: h('div', {}), history: h('div', {}), jobs: h('div', {}) };
  const fill = (part, ...content_) => parts[part].replaceChildren(...content_.flat().filter(Boolean));
  const refresh = async () => {
    parts.pair = (await get(of(name))).pair;
    fill('head', heading(parts.pair));
    fill('live', live(parts.pair));
    fill('jobs', jobs(parts.pair));
    const { runs } = await get(of(name, '/runs?limit=60'));
    fill('history', history(name, runs.slice(0, 15)));
    fill('plots', plots(runs) ?? h('p', { class: 'soft' }, 'Plots appear after the first run.'));
    const status = await get(of(name, '/status')).catch((error) => ({ error }));
    fill('summary', status.error ? problem(status.error) : summary(parts.pair, status, runs));
    if (!status.error) fill('tables', tables(name, status));
  };
  content.append(parts.head, parts.live, card(null, parts.summary), runButtons(name), card('Tables', parts.tables),
    card('Lately', parts.plots), card('Runs', parts.history), card('Jobs', parts.jobs));
  whenLeft(follow(name, parts, calmly(refresh)));
  await refresh();
};

