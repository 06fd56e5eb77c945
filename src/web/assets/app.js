// The console: one page, whose address says what it shows.
import { h, note, announce } from '/assets/dom.js';
import { logOut } from '/assets/api.js';
import { start } from '/assets/live.js';
import { pairPath } from '/assets/words.js';
import { overview } from '/assets/overview.js';
import { pair } from '/assets/pair.js';
import { run } from '/assets/run.js';
import { conflicts, conflict } from '/assets/conflicts.js';
import { waiting } from '/assets/waiting.js';
import { guard } from '/assets/guard.js';
import { doctor, settings } from '/assets/checks.js';
import { history as tableHistory } from '/assets/history.js';
import { journal } from '/assets/journal.js';
import { story } from '/assets/story.js';

// Pages of a pair: the last part of the address, the name in the navigation, the page itself, the page of one item.
const pages = [
  ['', 'Overview', pair], ['conflicts', 'Conflicts', conflicts, conflict], ['waiting', 'Held and parked', waiting],
  ['guard', 'Guard', guard], ['journal', 'Journal', journal], ['row', 'One row', story], ['doctor', 'Doctor', doctor], ['settings', 'Settings', settings], ['runs', null, null, run], ['tables', null, null, tableHistory],
];

const main = document.getElementById('main'), nav = document.getElementById('nav');
let cleanUp = [];

export const problem = (error) => note('bad', h('p', {}, h('strong', {}, error.message), error.code && ` (${error.code})`),
  error.hint && h('p', {}, error.hint));

const found = () => {
  const [first, name, page = '', item] = location.pathname.split('/').slice(1).map(decodeURIComponent);
  if (first === '') return { show: overview, title: 'Pairs' };
  const entry = first === 'pairs' && name && pages.find(([path]) => path === page);
  const show = entry && (item === undefined ? entry[2] : entry[3]);
  return show ? { show, name, page, item, title: `${item ?? entry[1]} - ${name}` } : null;
};

const showNavigation = (place) => {
  nav.hidden = !place?.name;
  if (nav.hidden) return;
  nav.replaceChildren(h('ul', {}, pages.filter(([, title]) => title).map(([path, title]) =>
    h('li', {}, h('a', { href: pairPath(place.name, ...(path ? [path] : [])), 'aria-current': path === place.page ? 'page' : null }, title)))));
};

const showPage = async (moved) => {
  for (const each of cleanUp) each();
  cleanUp = [];
  const place = found();
  document.title = place ? `${place.title} - Tideway` : 'Not found - Tideway';
  showNavigation(place);
  const content = h('div', {});
  main.replaceChildren(content);
  if (!place) {
    content.append(h('h1', {}, 'Nothing is here'), h('p', {}, h('a', { href: '/' }, 'All pairs')));
    return;
  }
  if (moved) main.focus();
  content.setAttribute('aria-busy', 'true');
  try {
    await place.show({ content, pair: place.name, item: place.item, whenLeft: (work) => cleanUp.push(work), goTo });
  } catch (error) {
    content.append(problem(error));
  }
  content.removeAttribute('aria-busy');
  announce(document.title);
};

const goTo = (path) => {
  history.pushState(null, '', path);
  window.scrollTo(0, 0);
  return showPage(true);
};

document.addEventListener('click', (event) => {
  const link = event.target.closest('a');
  const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
  if (!link || !plain || link.origin !== location.origin || link.hash || link.pathname.startsWith('/api')) return;
  event.preventDefault();
  goTo(link.pathname + link.search);
});
window.addEventListener('popstate', () => showPage(true));
document.getElementById('logout').addEventListener('click', () => logOut().catch((error) => announce(error.message)));
start();
showPage(false);
