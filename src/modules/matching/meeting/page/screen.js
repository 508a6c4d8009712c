/** What the page shows: the lobby, a message, or the talk; and notices over the talk. */

export const byId = (id) => document.getElementById(id);

export function show(id) {
  for (const one of ['lobby', 'message', 'stage']) byId(one).hidden = one !== id;
}

export function say(title, text) {
  const is_new = byId('message').hidden || byId('message-title').textContent !== title;
  show('message');
  byId('again').hidden = true;
  byId('message-title').textContent = title;
  byId('message-text').textContent = text;
  if (is_new) byId('message-title').focus();
}

/** What one may do after a message. */
export function offer(text) {
  byId('again').textContent = text;
  byId('again').hidden = false;
}

let toasting = null;

export function toast(text, for_ms = 6_000) {
  clearTimeout(toasting);
  byId('toast').textContent = text;
  byId('toast').hidden = false;
  toasting = setTimeout(() => (byId('toast').hidden = true), for_ms);
}
