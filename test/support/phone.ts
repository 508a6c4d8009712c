import type { Answer } from './server.js';
import { signatureOf, sidOf } from './twilio-server.js';

/** What TwiML tells the telephone to do, in its order. */
export interface Verb {
  name: 'Say' | 'Gather' | 'Pause' | 'Redirect' | 'Hangup';
  attributes: Record<string, string>;
  text: string;
}

/** A telephone call as Twilio makes it: it follows what the server answers, and says what it is told to. */
export class Phone {
  readonly call_sid = sidOf('CA');
  /** What was said to the caller, in order. */
  readonly heard: string[] = [];
  /** How long each request took. */
  readonly took_ms: number[] = [];
  /** Every answer, as it came. */
  readonly answers: Answer<string>[] = [];
  is_over = false;
  /** Where the caller's next words go; null while nobody listens. */
  private listens_at: string | null = null;
  private after_silence: string | null = null;

  constructor(
    /** Where Twilio believes the server to be. */
    private readonly public_url: string,
    private readonly auth_token: string,
    private readonly numbers: { from: string; to: string },
    private readonly query = '',
    /** The node that each request goes to. */
    private readonly nodes: readonly string[] = [public_url],
  ) {}

  /** Rings, and listens until the server listens. */
  async ring(): Promise<this> {
    await this.follow(`${this.public_url}/twilio/voice${this.query}`);
    return this;
  }

  /** Says something, and listens until the server listens again or hangs up. */
  async say(text: string): Promise<string> {
    if (this.listens_at === null) throw new Error('nobody listens');
    const before = this.heard.length;
    await this.follow(this.listens_at, { SpeechResult: text, Confidence: '0.9' });
    return this.heard.slice(before).join(' ');
  }

  /** Says nothing. */
  async hush(): Promise<string> {
    if (this.after_silence === null) throw new Error('nobody listens');
    const before = this.heard.length;
    await this.follow(this.after_silence);
    return this.heard.slice(before).join(' ');
  }

  /** Where the next words go. */
  get target(): string | null {
    return this.listens_at;
  }

  /** One request, as Twilio sends it, and the verbs of its answer. */
  async send(url: string, more: Record<string, string> = {}): Promise<Verb[]> {
    const form: Record<string, string> = {
      CallSid: this.call_sid,
      AccountSid: 'AC0',
      From: this.numbers.from,
      To: this.numbers.to,
      Direction: 'inbound',
      CallStatus: 'in-progress',
      ...more,
    };
    const node = this.nodes[this.answers.length % this.nodes.length] as string;
    const began = performance.now();
    const response = await fetch(url.replace(this.public_url, node), {
      method: 'POST',
      headers: { 'x-twilio-signature': signatureOf(this.auth_token, url, form) },
      body: new URLSearchParams(form),
    });
    const body = await response.text();
    this.took_ms.push(performance.now() - began);
    this.answers.push({ status: response.status, headers: response.headers, body });
    if (response.status !== 200) throw new Error(`${response.status} ${body.slice(0, 500)}`);
    return verbsOf(body);
  }

  private async follow(url: string, more: Record<string, string> = {}): Promise<void> {
    this.listens_at = this.after_silence = null;
    let next: string | null = url;
    for (let steps = 0; next !== null; steps++) {
      if (steps > 100) throw new Error('the server never comes to an end');
      const here: string = next;
      const verbs = await this.send(here, steps === 0 ? more : {});
      next = null;
      for (const { name, attributes, text } of verbs) {
        if (name === 'Say') this.heard.push(text);
        if (name === 'Gather') this.listens_at = new URL(attributes['action'] ?? '', here).href;
        if (name === 'Hangup') this.is_over = true;
        if (name !== 'Redirect') continue;
        const target = new URL(text, here).href;
        if (this.listens_at === null) next = target;
        else this.after_silence = target;
      }
    }
  }
}

/** The verbs of TwiML; one that is within another comes after it. */
export function verbsOf(twiml: string): Verb[] {
  if (!twiml.startsWith('<?xml version="1.0" encoding="UTF-8"?><Response>') || !twiml.endsWith('</Response>'))
    throw new Error(`no TwiML: ${twiml}`);
  return [...twiml.matchAll(/<(Say|Gather|Pause|Redirect|Hangup)\b([^>]*?)(?:\/>|>([^<]*))/g)].map(([, name, given = '', text = '']) => ({
    name: name as Verb['name'],
    attributes: Object.fromEntries([...given.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, unescaped(value)])),
    text: unescaped(text),
  }));
}

function unescaped(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&');
}
