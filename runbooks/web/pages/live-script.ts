/**
 * What keeps a page fresh in the browser; without it the page is complete and reloads itself. Only pieces that have changed are
 * exchanged, never while a finger is down, and what somebody has unfolded stays so. A service that does not answer is said to be
 * silent: an old page must not look like a calm plant.
 */
export const liveScript = `
'use strict';
(() => {
  const main = document.querySelector('main[data-live]');
  const stale = document.getElementById('stale');
  if (!main || !stale) return;
  const everyMs = 1000;
  const bare = (node) => {
    const copy = node.cloneNode(true);
    for (const one of copy.querySelectorAll('details')) one.removeAttribute('open');
    return copy.outerHTML;
  };
  let pressed = false;
  addEventListener('pointerdown', () => { pressed = true; });
  addEventListener('pointerup', () => setTimeout(() => { pressed = false; }, 300));
  addEventListener('pointercancel', () => { pressed = false; });
  function exchange(fresh) {
    const open = new Set([...main.querySelectorAll('details[open][id]')].map(({ id }) => id));
    const folded = new Set([...main.querySelectorAll('details[id]:not([open])')].map(({ id }) => id));
    const mine = [...main.children];
    const theirs = [...fresh.children];
    const same = mine.length === theirs.length && mine.every((one, at) => one.id === theirs[at].id);
    if (!same) main.replaceChildren(...theirs);
    else for (const [at, one] of mine.entries()) if (bare(one) !== bare(theirs[at])) one.replaceWith(theirs[at]);
    for (const one of main.querySelectorAll('details[id]')) {
      if (open.has(one.id)) one.open = true;
      if (folded.has(one.id)) one.open = false;
    }
  }
  async function refresh() {
    const response = await fetch(location.href, {
      headers: { 'x-andon-part': 'main' },
      cache: 'no-store',
      redirect: 'manual',
      signal: AbortSignal.timeout(5000),
    });
    if (response.status === 401) return location.reload();
    if (!response.ok) throw new Error(String(response.status));
    const fresh = document.createElement('main');
    fresh.innerHTML = await response.text();
    stale.hidden = true;
    if (!pressed && getSelection().isCollapsed) exchange(fresh);
  }
  async function loop() {
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, everyMs));
      if (document.hidden) continue;
      try {
        await refresh();
      } catch {
        stale.hidden = false;
      }
    }
  }
  loop();
})();
`;
