// A list that comes in parts, the newest first, and a button for older ones.
import { h, button } from '/assets/dom.js';
import { problem } from '/assets/app.js';

// load(after) gives { entries, next }; show(entries) makes what stands for all that came so far. Returns the place on the
// page, and what begins anew.
export const parts = (load, show) => {
  const place = h('div', {}), foot = h('div', {}), failed = h('div', {});
  let entries = [], next = null;
  const fetch = async (after) => {
    const part = await load(after);
    entries = after ? [...entries, ...part.entries] : part.entries;
    next = part.next;
    place.replaceChildren(show(entries, next !== null));
    foot.replaceChildren(next === null ? '' : button('Show older ones', () => fetch(next).catch((error) => failed.replaceChildren(problem(error)))));
  };
  return { place: h('div', {}, place, failed, foot), refresh: () => fetch('') };
};
