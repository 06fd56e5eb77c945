// What happens now, as the service tells it. The browser connects anew by itself and takes up where it was.
import { icon } from '/assets/dom.js';
import { get } from '/assets/api.js';

const listeners = new Set();
let source = null;

const show = (kind, words) => document.getElementById('link').replaceChildren(icon(kind), words);

export const start = () => {
  source = new EventSource('/api/v1/events');
  source.addEventListener('open', () => show('good', 'Live'));
  source.addEventListener('error', () => {
    show('warn', 'Connecting');
    // A refused one is not tried again by the browser: where the session is over, asking leads to the login.
    if (source.readyState === EventSource.CLOSED) setTimeout(() => get('/session').then(start, start), 5000);
  });
  for (const kind of ['progress', 'started', 'finished', 'phase'])
    source.addEventListener(kind, (event) => {
      const data = JSON.parse(event.data);
      for (const listener of [...listeners]) listener(kind, data);
    });
};

// Does the work at once, then at most once a second however often it is asked for, and once more behind the last question.
export const calmly = (work) => {
  let resting = false, again = false;
  const go = async () => {
    again = resting;
    if (resting) return;
    resting = true;
    await work().catch(() => {});
    setTimeout(() => { resting = false; if (again) go(); }, 1000);
  };
  return go;
};

// listener(kind, data); returns what ends it.
export const listen = (listener) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};
