// Small plots of past runs, oldest first. Each says in words what it shows; the runs themselves stand in a table.
import { h, svg } from '/assets/dom.js';
import { count, counted, span } from '/assets/words.js';

const width = 300, height = 100;

const frame = (title, summary, keys, ...content) =>
  h('figure', {},
    h('figcaption', {}, h('strong', {}, title), h('span', {}, keys, summary)),
    svg('svg', { class: 'plot', viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': `${title}: ${summary}` },
      svg('line', { class: 'axis', x1: 0, x2: width, y1: height, y2: height }), content));

const bars = (values, most, at, step, kind) => values.map((value, index) => {
  const tall = most > 0 ? Math.max(value > 0 ? 2 : 0, (value / most) * height) : 0;
  return svg('rect', { class: kind, x: at(index), y: height - tall, width: step, height: tall });
});

const barPlot = (title, summary, series, keys) => {
  const length = series[0].length;
  const most = Math.max(1, ...series.flat());
  const slot = width / Math.max(length, 12), step = (slot * 0.7) / series.length;
  return frame(title, summary, keys, series.map((values, which) =>
    bars(values, most, (index) => index * slot + which * step, step, which ? 'second' : 'first')));
};

const curve = (title, summary, values) => {
  const most = Math.max(0.001, ...values);
  const x = (index) => (values.length < 2 ? width : (index * width) / (values.length - 1));
  const points = values.map((value, index) => `${x(index).toFixed(1)},${(height - (value / most) * (height - 4)).toFixed(1)}`);
  return frame(title, summary, null,
    svg('polygon', { class: 'area', points: `0,${height} ${points.join(' ')} ${width},${height}` }),
    svg('polyline', { class: 'curve', points: points.join(' ') }));
};

// How long what a run brought may have waited, of those runs of which that is known.
const lags = (runs) => runs.filter((run) => run.lag_ms !== null).map((run) => run.lag_ms / 1000);

export const plots = (newestFirst) => {
  const runs = [...newestFirst].reverse();
  const syncs = runs.filter((run) => run.sums && run.command === 'sync');
  if (syncs.length === 0) return null;
  const sum = (name) => syncs.map((run) => run.sums[name] ?? 0);
  const total = (values) => values.reduce((all, each) => all + each, 0);
  const waits = lags(runs);
  const conflicts = sum('conflicts').map((each, index) => each + sum('open_conflicts')[index]);
  return h('div', { class: 'plots' },
    waits.length > 0 && curve('Lag', `at most ${span(Math.max(...waits))}`, waits),
    barPlot('Rows a run', `${count(total(sum('to_cloud')) + total(sum('to_desktop')))} in all`,
      [sum('to_cloud'), sum('to_desktop')],
      [h('span', { class: 'key' }, 'to cloud'), ' ', h('span', { class: 'key second' }, 'to desktop'), ', ']),
    barPlot('Conflicts a run', counted(total(conflicts), 'conflict'), [conflicts], null));
};
