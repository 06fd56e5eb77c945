// One row's story: how it stands on both sides, what runs did to it, what the next one would do.
import { h, card, facts, table, empty, note } from '/assets/dom.js';
import { get, of } from '/assets/api.js';
import { when, pairPath, kinds } from '/assets/words.js';
import { problem } from '/assets/app.js';

const row = (value) => (value === null ? h('span', { class: 'null' }, 'no row') : h('pre', { class: 'pre', tabindex: '0', 'aria-label': 'The row' }, typeof value === 'string' ? value : JSON.stringify(value, null, 2)));

const sides = (story) => ['desktop', 'cloud'].map((side) => card(side === 'desktop' ? 'Desktop' : 'Cloud',
  h('p', {}, story[side].state), story[side].rows.map(row)));

const versions = (story) => (story.versions.length === 0 ? empty('No run has changed it', 'The journal has no older version.')
  : h('div', { class: 'scroll' }, table('What runs did to the row, newest first', [
    { title: 'When', main: true, cell: (each) => when(each.at) },
    { title: 'Side', cell: (each) => each.side },
    { title: 'What', cell: (each) => each.action },
    { title: 'Why', cell: (each) => `${each.reason}${each.rule ? ` (${each.rule})` : ''}` },
    { title: 'Before', cell: (each) => row(each.before) },
  ], story.versions)));

const waits = (pair, story) => story.waiting.map((each) => note('warn', h('p', {}, h('strong', {}, kinds[each.kind] ?? each.kind), `: ${each.reason}. `,
  each.id !== null && h('a', { href: pairPath(pair, 'conflicts', each.id) }, 'Both rows'))));

const told = (pair, story) => [
  story.known ? '' : note('warn', h('p', {}, 'Neither side has such a row, and nothing is known of one.')),
  ...waits(pair, story),
  h('div', { class: 'cards' }, sides(story)),
  story.agreements.length ? card('What both sides agreed on', story.agreements.map((each) => facts([
    ['Key', each.key], ['State', each.state], ['Made on', each.made_on], ['Agreed', when(each.at, 'without a write')]]))) : '',
  card('Older versions', versions(story)),
  story.next.length ? card('What the next run would do', story.next.map((each) => h('p', {}, `${each.action}: ${each.reason} (${each.rule})`))) : '',
];

export const story = async ({ content, pair }) => {
  const asked = new URLSearchParams(location.search);
  const { tables } = await get(of(pair, '/settings'));
  const place = h('div', {}), said = h('p', { class: 'soft', role: 'status' });
  const which = h('select', { id: 'table' }, tables.map((each) => h('option', { value: each.desktop, selected: each.desktop === asked.get('table') }, each.desktop)));
  const key = h('input', { id: 'key', required: true, value: asked.get('key') ?? '', autocomplete: 'off' });
  const look = async () => {
    said.textContent = 'Reading both sides ...';
    try {
      place.replaceChildren(...told(pair, await get(of(pair, `/explain?${new URLSearchParams({ table: which.value, key: key.value })}`))));
    } catch (error) {
      place.replaceChildren(problem(error));
    }
    said.textContent = '';
  };
  const submit = (event) => { event.preventDefault(); history.replaceState(null, '', `?${new URLSearchParams({ table: which.value, key: key.value })}`); look(); };
  content.append(h('h1', {}, 'One row'), h('p', { class: 'soft' }, 'The story of a row: versions, decisions, and where the other version is.'),
    h('form', { class: 'fields', on: { submit } },
      h('div', { class: 'field' }, h('label', { for: 'table' }, 'Table'), which),
      h('div', { class: 'field' }, h('label', { for: 'key' }, 'Key'), key),
      h('button', { type: 'submit', class: 'primary' }, 'Show')), said, place);
  if (key.value) await look();
};
