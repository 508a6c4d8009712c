import { describe, expect, it } from '@jest/globals';
import { AppError } from '../../platform/errors/index.js';
import { Scope } from '../../platform/scope/index.js';
import { MessageBatcher } from './message-batcher.js';
import type { MessageFiles } from './message-files.js';
import type { MessageRepository, NewMessage, PostOutcome } from './message.repository.js';
import { Outbox } from './outbox.js';

const message = (content: string, more: Partial<NewMessage> = {}): NewMessage => ({
  room_id: 'r',
  sender_id: 's',
  id: content,
  content,
  client_message_id: null,
  file_ids: [],
  reply_to_seq: null,
  ttl_seconds: null,
  sender: null,
  known_member: false,
  ...more,
});

interface Batch {
  client_id: string;
  messages: readonly NewMessage[];
  store(): void;
  refuse(error: unknown): void;
}

/** A batcher over a database whose batches end when the test says so. */
function setUp(): { batcher: MessageBatcher; batches: Batch[]; told: string[] } {
  const batches: Batch[] = [];
  const told: string[] = [];
  let seq = 0;
  const post = (messages: readonly NewMessage[]): Promise<PostOutcome[]> => {
    const { promise, resolve, reject } = Promise.withResolvers<PostOutcome[]>();
    const outcome = (idx: number): PostOutcome => ({
      idx,
      outcome: 'created',
      seq: ++seq,
      id: null,
      created_at: new Date(0),
      expires_at: null,
      username: null,
      email: null,
      is_anonymous: false,
      joined: false,
    });
    // PostgreSQL may answer rows in any order.
    const store = (): void => resolve(messages.map((_, idx) => outcome(idx)).reverse());
    batches.push({ client_id: Scope.clientId(), messages, store, refuse: reject });
    return promise;
  };
  const batcher = new MessageBatcher(
    { post } as unknown as MessageRepository,
    { post: (message: NewMessage) => post([message]) } as unknown as MessageFiles,
    new Outbox(),
  );
  batcher.onCommitted((client_id, posted, outcomes) => {
    for (const { idx } of [...outcomes].sort((a, b) => a.idx - b.idx)) told.push(`${client_id}:${posted[idx]?.content ?? ''}`);
  });
  return { batcher, batches, told };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const contents = (batch: Batch | undefined): string[] => batch?.messages.map(({ content }) => content) ?? [];

describe('MessageBatcher', () => {
  it('stores the first at once, and what comes meanwhile together, in the order of its coming', async () => {
    const { batcher, batches, told } = setUp();
    const posted = Scope.runAs('t', () => ['a', 'b', 'c', 'd'].map((content) => batcher.post(message(content))));
    expect(batches.map(contents)).toEqual([['a']]);
    batches[0]?.store();
    await settle();
    expect(batches.map(contents)).toEqual([['a'], ['b', 'c', 'd']]);
    batches[1]?.store();
    expect((await Promise.all(posted)).map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    expect(told).toEqual(['t:a', 't:b', 't:c', 't:d']);
  });

  it('a room is in one running batch at most; another room does not wait for it', async () => {
    const { batcher, batches } = setUp();
    Scope.runAs('t', () => {
      for (const content of ['a1', 'a2', 'b1', 'a3', 'b2', 'c1']) void batcher.post(message(content, { room_id: content[0] as string }));
    });
    expect(batches.map(contents)).toEqual([['a1'], ['b1']]);
    batches[1]?.store();
    await settle();
    expect(batches.map(contents)).toEqual([['a1'], ['b1'], ['b2', 'c1']]);
    batches[0]?.store();
    await settle();
    expect(contents(batches[3])).toEqual(['a2', 'a3']);
  });

  it('beside a large batch a second one starts once it is as large, or when the large one is done', async () => {
    const { batcher, batches } = setUp();
    const post = (...rooms: string[]): void =>
      Scope.runAs('t', () => rooms.forEach((room_id) => void batcher.post(message(room_id, { room_id }))));
    post('x', 'y', 'a', 'b', 'c');
    batches[0]?.store();
    batches[1]?.store();
    await settle();
    expect(batches.map(contents)).toEqual([['x'], ['y'], ['a', 'b', 'c']]);
    post('d', 'e');
    expect(batches).toHaveLength(3);
    post('f');
    expect(batches.map(contents).slice(3)).toEqual([['d', 'e', 'f']]);
    post('g');
    batches[2]?.store();
    batches[3]?.store();
    await settle();
    expect(batches.map(contents).slice(4)).toEqual([['g']]);
  });

  it('the same message sent twice is in two batches, and nothing of its room overtakes it', async () => {
    const { batcher, batches } = setUp();
    const named = { client_message_id: 'x' };
    Scope.runAs('t', () => {
      void batcher.post(message('first'));
      for (const content of ['a', 'a again']) void batcher.post(message(content, named));
      void batcher.post(message('after'));
      void batcher.post(message('other sender', { ...named, sender_id: 'o' }));
    });
    batches[0]?.store();
    await settle();
    expect(contents(batches[1])).toEqual(['a']);
    batches[1]?.store();
    await settle();
    expect(contents(batches[2])).toEqual(['a again', 'after', 'other sender']);
  });

  it('tenants do not wait for each other, and each batch runs in its own', async () => {
    const { batcher, batches } = setUp();
    for (const tenant of ['one', 'two']) Scope.runAs(tenant, () => void batcher.post(message(tenant)));
    expect(batches.map(({ client_id }) => client_id)).toEqual(['one', 'two']);
    for (const batch of batches) expect(contents(batch)).toEqual([batch.client_id]);
  });

  it('where a batch is refused each is tried alone, and only the wrong one fails', async () => {
    const { batcher, batches, told } = setUp();
    const posted = Scope.runAs('t', () => ['first', 'good', 'bad', 'good too'].map((content) => batcher.post(message(content))));
    const results = Promise.allSettled(posted);
    batches[0]?.store();
    await settle();
    batches[1]?.refuse(new Error('one of them is wrong'));
    for (let at = 2; at < 5; at++) {
      await settle();
      if (contents(batches[at])[0] === 'bad') batches[at]?.refuse(new Error('this one'));
      else batches[at]?.store();
    }
    expect((await results).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect(told).toEqual(['t:first', 't:good', 't:good too']);
  });

  it('where the database is away nobody is tried again, and those who come later are', async () => {
    const { batcher, batches } = setUp();
    const posted = Scope.runAs('t', () => ['a', 'b', 'c'].map((content) => batcher.post(message(content))));
    const results = Promise.allSettled(posted);
    batches[0]?.store();
    await settle();
    batches[1]?.refuse(new AppError('DATABASE_UNAVAILABLE'));
    expect((await results).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    Scope.runAs('t', () => void batcher.post(message('d')));
    await settle();
    expect(batches.slice(2).map(contents)).toEqual([['d']]);
  });

  it('more than 5,000 that wait are refused with OVERLOADED', () => {
    const { batcher } = setUp();
    Scope.runAs('t', () => {
      for (let index = 0; index <= 5_000; index++) void batcher.post(message(`${index}`));
      expect(() => batcher.post(message('too many'))).toThrow(expect.objectContaining({ code: 'OVERLOADED' }));
    });
    Scope.runAs('other', () => expect(() => void batcher.post(message('another tenant’s'))).not.toThrow());
  });

  it('a batch holds 200 messages at most, and a million characters', async () => {
    const { batcher, batches } = setUp();
    Scope.runAs('t', () => {
      void batcher.post(message('first'));
      for (let index = 0; index < 300; index++) void batcher.post(message('x'));
      for (let index = 0; index < 200; index++) void batcher.post(message('あ'.repeat(8_000)));
    });
    const sizes: number[] = [];
    for (let at = 0; at < batches.length; at++) {
      sizes.push(batches[at]?.messages.length ?? 0);
      batches[at]?.store();
      await settle();
    }
    expect(sizes.reduce((sum, size) => sum + size)).toBe(501);
    expect(Math.max(...sizes)).toBe(200);
    for (const { messages } of batches) expect(messages.reduce((sum, { content }) => sum + content.length, 0)).toBeLessThan(1_010_000);
  });
});
