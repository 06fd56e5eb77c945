// Elements out of values. Texts become text nodes and nothing else, so what a database holds is never markup.

const fill = (element, attributes, children) => {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === 'on') for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : document.createTextNode(String(child)))));
  return element;
};

export const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
export const svg = (tag, attributes, ...children) =>
  fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);

const shapes = {
  good: 'M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Zm3.300 5.500-4 4.200-2.600-2.500 1-1.100 1.500 1.500 3-3.200Z',
  warn: 'M8 1 .8 14.500h14.400ZM7.200 6h1.600v4H7.200Zm0 5.200h1.600v1.600H7.200Z',
  bad: 'M5 1h6l4 4v6l-4 4H5l-4-4V5Zm.800 3.700L4.700 5.800 6.900 8l-2.200 2.200 1.100 1.100L8 9.100l2.200 2.200 1.100-1.100L9.100 8l2.200-2.200-1.100-1.100L8 6.900Z',
  info: 'M8 1.500A6.500 6.500 0 0 1 14.500 8h-2A4.500 4.500 0 0 0 8 3.500Zm0 13A6.500 6.500 0 0 1 1.500 8h2A4.500 4.500 0 0 0 8 12.500Z',
  about: 'M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1ZM7.200 4h1.600v1.600H7.200Zm0 3h1.600v5H7.200Z',
  plain: 'M2 2h12v12H2Zm3 3v6h2V5Zm4 0v6h2V5Z',
};

export const icon = (kind, turning) =>
  svg('svg', { viewBox: '0 0 16 16', width: 14, height: 14, 'aria-hidden': 'true', class: turning && 'turns' },
    svg('path', { d: shapes[kind] ?? shapes.plain, fill: 'currentColor', 'fill-rule': 'evenodd' }));

// A state as shape, word and colour. kind: good | warn | bad | info | about | plain.
export const badge = (kind, words, turning) => h('span', { class: `badge ${kind}` }, icon(kind, turning), words);

export const note = (kind, ...content) => h('div', { class: `note ${kind}`, role: kind === 'bad' ? 'alert' : null }, content);

export const empty = (title, text) => h('div', { class: 'empty' }, h('strong', {}, title), text);

export const facts = (pairs) =>
  h('dl', { class: 'facts' }, pairs.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))));

export const card = (title, ...content) => h('section', { class: 'card' }, title && h('h2', {}, title), content);

// columns: {title, cell(row), number, main, hidden}. On a narrow screen each row stands as a list of its cells.
export const table = (caption, columns, rows, rowClass) =>
  h('table', { class: 'cells', role: 'table' },
    h('caption', { class: 'unseen' }, caption),
    h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, columns.map((column) =>
      h('th', { scope: 'col', role: 'columnheader', class: column.number && 'number' },
        column.hidden ? h('span', { class: 'unseen' }, column.title) : column.title)))),
    h('tbody', { role: 'rowgroup' }, rows.map((row) =>
      h('tr', { role: 'row', class: rowClass?.(row) }, columns.map((column) => {
        const value = column.cell(row);
        const classes = [column.number && 'number', column.main && 'title', column.number && value === '0' && 'zero'];
        return h('td', { role: 'cell', class: classes.filter(Boolean).join(' '), 'data-label': column.title }, value);
      })))));

export const button = (words, action, kind) => h('button', { type: 'button', class: kind, on: { click: action } }, words);

export const announce = (words) => {
  document.getElementById('announce').textContent = words;
};

// A question before something that cannot be taken back lightly; resolves to true or false.
export const ask = (title, content, yes, kind = 'primary') => new Promise((resolve) => {
  const dialog = h('dialog', { 'aria-labelledby': 'question' });
  const end = (answer) => { dialog.close(); dialog.remove(); resolve(answer); };
  const no = button('Cancel', () => end(false));
  dialog.append(h('h2', { id: 'question' }, title), ...[content].flat(),
    h('div', { class: 'row' }, no, button(yes, () => end(true), kind)));
  dialog.addEventListener('cancel', (event) => { event.preventDefault(); end(false); });
  document.body.append(dialog);
  dialog.showModal();
  no.focus();
});
