// Doctor and settings.
import { h, badge, card, button, empty, note } from '/assets/dom.js';
import { get, of } from '/assets/api.js';
import { counted } from '/assets/words.js';
import { problem } from '/assets/app.js';

const severities = { error: ['bad', 'Error'], warning: ['warn', 'Warning'], info: ['about', 'Note'] };
const order = Object.keys(severities);

const finding = (each) => h('section', { class: 'card' },
  h('div', { class: 'head' }, h('h2', { class: 'wrap' }, each.where || 'Both sides'), badge(...severities[each.severity])),
  h('p', { class: 'wrap' }, each.text, ' ', h('code', { class: 'soft' }, each.code)),
  each.remedy && h('pre', { class: 'pre', tabindex: '0', 'aria-label': 'What mends it' }, each.remedy));

const verdict = (report) => (report.errors > 0
  ? note('bad', h('p', {}, `${counted(report.errors, 'error')} must be mended, ${counted(report.warnings, 'warning')} to read.`))
  : note(report.warnings > 0 ? 'warn' : 'good', h('p', {}, report.warnings > 0 ? `Ready to sync; ${counted(report.warnings, 'warning')} to read.` : 'Ready to sync.')));

export const doctor = async ({ content, pair }) => {
  const place = h('div', {}), said = h('p', { class: 'soft', role: 'status' });
  const look = async () => {
    said.textContent = 'Looking at both databases ...';
    try {
      const report = await get(of(pair, '/doctor'));
      const sorted = report.findings.sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
      place.replaceChildren(verdict(report), ...(sorted.length ? sorted.map(finding) : [card(null, empty('Nothing was found', 'Both databases fit the configuration.'))]));
    } catch (error) {
      place.replaceChildren(problem(error));
    }
    said.textContent = '';
  };
  content.append(h('div', { class: 'head' }, h('h1', {}, 'Doctor'), button('Look again', look)),
    h('p', { class: 'soft' }, 'Everything that could go wrong, with what mends it. Doctor changes nothing.'), said, place);
  await look();
};

export const settings = async ({ content, pair }) => {
  const setting = await get(of(pair, '/settings'));
  content.append(h('h1', {}, 'Settings'),
    h('p', { class: 'soft' }, 'What is in force, with every default; passwords are hidden. It is changed in ', h('code', { class: 'wrap' }, setting.path), '.'),
    card(`Tables: ${setting.tables.length}`, h('pre', { tabindex: '0', 'aria-label': 'The configuration' }, setting.toml)));
};
