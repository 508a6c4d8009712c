import { byId } from './screen.js';
import { language, timeOf, words } from './words.js';

/** The direct messages of the two, beside their talk. */
export class TalkPanel {
  #emit;
  #last_seq = 0;
  #unread = 0;
  #is_new = true;
  #is_asking = false;
  #asks_again = false;

  /** `emit` sends an event and answers its acknowledgement. */
  constructor(emit) {
    this.#emit = emit;
    byId('talk-title').textContent = words.talk;
    byId('talk-label').textContent = words.talk;
    byId('text-label').textContent = words.message;
    byId('text').placeholder = words.message;
    byId('send').textContent = words.send;
    byId('talk-close').textContent = '✕';
    byId('talk-close').setAttribute('aria-label', words.close);
    byId('talk-open').onclick = () => this.show(byId('talk').hidden);
    byId('talk-close').onclick = () => {
      this.show(false);
      byId('talk-open').focus();
    };
    byId('talk').onkeydown = ({ key }) => key === 'Escape' && byId('talk-close').click();
    byId('say').onsubmit = (event) => {
      event.preventDefault();
      void this.#say();
    };
    byId('text').onkeydown = (event) => {
      // Enter also ends the choice of a word in Japanese input.
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      void this.#say();
    };
    byId('text').oninput = fit;
  }

  show(is_open) {
    byId('talk').hidden = !is_open;
    byId('stage').classList.toggle('with-talk', is_open);
    byId('talk-open').setAttribute('aria-expanded', String(is_open));
    if (!is_open) return;
    this.#count(0);
    byId('said').scrollTop = byId('said').scrollHeight;
    byId('text').focus();
  }

  /** Shows what has come; what is shown already is left out. */
  add(messages) {
    const is_first = this.#is_new;
    this.#is_new = false;
    for (const message of messages) {
      if (message.seq <= this.#last_seq) continue;
      this.#last_seq = message.seq;
      if (message.text === null) continue;
      byId('said').append(line(message));
      if (!message.is_mine && !is_first && byId('talk').hidden) this.#count(this.#unread + 1);
    }
    byId('said').querySelector('.empty')?.remove();
    if (byId('said').childElementCount === 0)
      byId('said').append(Object.assign(document.createElement('li'), { className: 'empty', textContent: words.empty }));
    byId('said').scrollTop = byId('said').scrollHeight;
  }

  /** Asks for what came since. */
  async refresh() {
    this.#asks_again = true;
    if (this.#is_asking) return;
    this.#is_asking = true;
    while (this.#asks_again) {
      this.#asks_again = false;
      const answer = await this.#emit('meeting:messages', { after_seq: this.#last_seq }).catch(() => null);
      if (answer?.ok) this.add(answer.messages);
    }
    this.#is_asking = false;
  }

  async #say() {
    const text = byId('text').value.trim();
    if (text === '' || byId('send').disabled) return;
    byId('send').disabled = true;
    const answer = await this.#emit('meeting:say', { text }).catch(() => null);
    byId('send').disabled = false;
    if (!answer?.ok) return this.onFault?.(words.notSent);
    byId('text').value = '';
    fit();
    byId('text').focus();
    await this.refresh();
  }

  #count(unread) {
    this.#unread = unread;
    byId('unread').hidden = unread === 0;
    byId('unread').textContent = String(unread);
  }
}

function line({ text, created_at, is_mine }) {
  const item = document.createElement('li');
  item.className = is_mine ? 'mine' : '';
  const time = document.createElement('small');
  time.textContent = `${is_mine ? `${words.you}${language === 'ja' ? '　' : ' · '}` : ''}${timeOf(created_at)}`;
  item.append(document.createTextNode(text), time);
  return item;
}

/** As high as its words, within bounds. */
function fit() {
  const field = byId('text');
  field.style.height = 'auto';
  field.style.height = `${field.scrollHeight + 2}px`;
}
