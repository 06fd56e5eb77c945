// Numbers, times and states in words; what the pages share of the vocabulary.
import { h } from '/assets/dom.js';

const numbers = new Intl.NumberFormat('en');
export const count = (number) => (number === null || number === undefined ? '-' : numbers.format(number));
export const counted = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

export const span = (seconds) => {
  const s = Math.max(0, seconds);
  if (s < 1) return `${Math.round(s * 1000)} ms`;
  if (s < 60) return `${s < 10 ? Math.round(s * 10) / 10 : Math.round(s)} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return counted(Math.floor(s / 86400), 'day');
};

const relative = (iso) => {
  const seconds = (Date.now() - Date.parse(iso)) / 1000;
  if (Math.abs(seconds) < 5) return seconds < 0 ? 'in a moment' : 'just now';
  return seconds > 0 ? `${span(Math.floor(seconds))} ago` : `in ${span(Math.floor(-seconds))}`;
};

// "2 min ago", which stays true while the page is open; the moment itself as a title.
export const when = (iso, none = 'never') =>
  iso ? h('time', { datetime: iso, title: iso.replace('T', ' ').replace('Z', ' UTC') }, relative(iso)) : none;

// How far a pair is behind, which goes on while the page is open. lag: { forward, reverse } in seconds.
export const lag = ({ forward, reverse }) => {
  if (forward === null || reverse === null) return '-';
  const seconds = Math.max(forward, reverse);
  return h('span', { class: 'lag', 'data-since': Date.now() - seconds * 1000, title: `to the cloud ${span(forward)}, to the desktop ${span(reverse)}` }, span(seconds));
};

setInterval(() => {
  for (const each of document.querySelectorAll('[data-since]')) each.textContent = span((Date.now() - each.dataset.since) / 1000);
}, 1000);

setInterval(() => {
  for (const each of document.querySelectorAll('time[datetime]')) each.textContent = relative(each.dateTime);
}, 10000);

export const clock = (iso) =>
  h('time', { title: iso }, new Date(iso).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' }));

export const tableName = (table) => (table.desktop === table.cloud ? table.desktop : `${table.desktop} / ${table.cloud}`);

export const phases = {
  idle: ['good', 'Idle'], running: ['info', 'Running'], 'backing off': ['warn', 'Waiting for a database'],
  standby: ['plain', 'Standby'], failed: ['bad', 'Needs you'],
};
export const statuses = {
  ok: ['good', 'In sync'], attention: ['warn', 'Rows wait'], guard: ['bad', 'Stopped by a guard'],
  failed: ['bad', 'Failed'], differs: ['bad', 'Differs'], busy: ['plain', 'Another run is at work'],
};
export const states = {
  'in sync': ['good', 'In sync'], waiting: ['warn', 'Rows wait'], 'never synced': ['plain', 'Never synced'],
  'not synced': ['bad', 'Not synced'], equal: ['good', 'Equal'], differs: ['bad', 'Differs'],
  'not compared': ['bad', 'Not compared'], stopped: ['bad', 'Stopped by a guard'],
};
export const reasons = {
  schedule: 'by the schedule', missed: 'was missed', change: 'a change', console: 'asked for here', retry: 'another try',
};
export const kinds = {
  update_update: 'Both sides changed the row', update_delete: 'The desktop changed it, the cloud deleted it',
  delete_update: 'The desktop deleted it, the cloud changed it', insert_insert: 'Both sides had a differing row with this key',
  collision: 'Both sides created a row with this key', conflict: 'Both sides changed the row',
  held: 'A rule of the configuration holds it back',
};
export const pairPath = (pair, ...more) => ['/pairs', pair, ...more].map((part, at) => (at ? encodeURIComponent(part) : part)).join('/');

// A number of rows that wait, which leads to them.
export const waitingRows = (pair, page, number) => (number > 0 ? h('a', { href: pairPath(pair, page) }, count(number)) : count(number));

// What a person can do about the state that a pair is in, if there is something.
export const wayOut = (pair) => {
  if (pair.phase !== 'failed') return null;
  if (pair.last?.status === 'guard') return h('a', { href: pairPath(pair.name, 'guard') }, 'Look at what was stopped');
  return pair.last?.error?.hint || null;
};
