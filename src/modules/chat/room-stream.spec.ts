import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Logger } from '../../platform/http/index.js';
import { channels, type Realtime } from '../../platform/realtime/index.js';
import { type ChangedMessage, type RoomEvent, RoomStream } from './room-stream.js';

const CHANNEL = channels.room('t', 'r');
const message = (seq: number): RoomEvent => ({ client_id: 't', room_id: 'r', event: 'message', payload: `m${seq}`, seq });
const edit = (seq: number): RoomEvent => ({ ...message(seq), event: 'message:updated', payload: `e${seq}` });
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** A room stream with sockets that are lists, and a database that is one. */
class House {
  readonly sockets = new Map<string, unknown[]>();
  readonly stored = new Map<number, string>();
  readonly relayed: RoomEvent[] = [];
  readonly errors: unknown[] = [];
  fills = 0;
  failing = 0;
  last_seq = 0;
  last_rev = 0;
  /** As the changed messages are now, by place. */
  readonly changed = new Map<number, ChangedMessage>();
  reads = 0;
  whileReading: () => Promise<void> | void = () => undefined;
  readonly stream: RoomStream;
  /** As if it came from another node. */
  arrive: (event: RoomEvent) => void = () => undefined;
  private empty: (channel: string) => void = () => undefined;

  constructor() {
    const realtime = {
      onRelay: (_: string, handler: (event: RoomEvent) => void) => (this.arrive = handler),
      onEmpty: (left: (channel: string) => void) => (this.empty = left),
      relay: (_: string, event: RoomEvent) => this.relayed.push(event),
      hasSockets: () => this.sockets.size > 0,
      emitHere: (channel: string, _: string, payload: unknown) => {
        if (channel === CHANNEL) for (const heard of this.sockets.values()) heard.push(payload);
      },
    };
    this.stream = new RoomStream(
      realtime as unknown as Realtime,
      { error: (what: unknown) => this.errors.push(what) } as unknown as Logger,
    );
    this.stream.watchEmptyRooms();
    this.stream.fillGapsWith(
      (_client, _room, after, before) => {
        this.fills++;
        if (this.failing-- > 0) return Promise.reject(new Error('away'));
        const found = [...this.stored].filter(([seq]) => seq > after && seq < before).sort(([a], [b]) => a - b);
        return Promise.resolve(found.map(([seq, payload]) => ({ seq, message: payload })));
      },
      async (_client, _room, after) => {
        this.reads++;
        const found = [...this.changed.values()].filter(({ rev }) => rev > after).sort((a, b) => a.rev - b.rev);
        const page = found.slice(0, 2);
        const reached = page.length < 2 ? this.last_rev : (page.at(-1)?.rev ?? 0);
        await this.whileReading();
        return { changed: page, reached };
      },
    );
  }

  /** A message is changed in the database; answers what the sockets should be told of it. */
  change(seq: number, payload: string, is_deleted = false): RoomEvent {
    const rev = ++this.last_rev;
    this.changed.set(seq, { rev, seq, is_deleted, message: payload });
    return { ...message(seq), event: is_deleted ? 'message:deleted' : 'message:updated', payload, rev };
  }

  /** What the node does now and then. */
  async reconcile(): Promise<void> {
    const rooms = [{ client_id: 't', room_id: 'r', last_rev: this.last_rev }];
    for (const { last_rev } of this.stream.lacking(rooms)) await this.stream.makeUpChanges('t', 'r', last_rev);
  }

  store(...places: number[]): void {
    for (const seq of places) {
      this.stored.set(seq, `m${seq}`);
      this.last_seq = Math.max(this.last_seq, seq);
    }
  }

  /** Joins and answers what the socket hears; `meanwhile` runs after the room was read, before the socket is in. */
  async join(name: string, meanwhile: () => void = () => undefined): Promise<unknown[]> {
    const { enter } = await this.stream.join('t', 'r', async () => {
      const { last_seq } = this;
      await Promise.resolve();
      meanwhile();
      return { last_seq, last_rev: this.last_rev };
    });
    const heard: unknown[] = [];
    this.sockets.set(name, heard);
    enter((event) => heard.push(event.payload));
    return heard;
  }

  leave(name: string): void {
    this.sockets.delete(name);
    if (this.sockets.size === 0) this.empty(CHANNEL);
  }
}

describe('RoomStream', () => {
  let house: House;

  beforeEach(() => {
    jest.useFakeTimers();
    house = new House();
  });

  afterEach(() => {
    expect(house.errors).toHaveLength(0);
    jest.useRealTimers();
  });

  const later = (ms = 200): Promise<void> => jest.advanceTimersByTimeAsync(ms);

  it('a room without sockets here costs nothing, and the others are told', () => {
    house.stream.publish(message(1));
    expect(house.relayed).toHaveLength(1);
    expect(house.stream.openRooms()).toEqual([]);
    expect(house.stream.deliveredSeq('t', 'r')).toBeNull();
  });

  it('what comes in any order is heard in its own, once', async () => {
    const heard = await house.join('a');
    for (const seq of [3, 1, 1, 5, 2, 3, 4, 5, 2]) house.arrive(message(seq));
    expect(heard).toEqual(['m1', 'm2', 'm3', 'm4', 'm5']);
    await later();
    expect(house.fills).toBe(0);
  });

  it('what never comes is read from the database; expired places are passed over', async () => {
    const heard = await house.join('a');
    house.store(1, 3, 4);
    house.arrive(message(4));
    house.store(6);
    house.arrive(message(6));
    expect(heard).toEqual([]);
    await later();
    expect(heard).toEqual(['m1', 'm3', 'm4', 'm6']);
    house.arrive(message(7));
    expect(heard.at(-1)).toBe('m7');
  });

  it('what comes while the gap is being read is neither lost nor repeated', async () => {
    const heard = await house.join('a');
    house.store(...range(1, 9));
    house.arrive(message(5));
    const filling = later();
    for (const seq of [2, 8, 1, 7]) house.arrive(message(seq));
    await filling;
    await later();
    house.arrive(message(9));
    house.arrive(message(3));
    await later();
    expect(heard).toEqual(range(1, 9).map((seq) => `m${seq}`));
  });

  it('where the database is away it tries again', async () => {
    const heard = await house.join('a');
    house.failing = 2;
    house.store(1, 2);
    house.arrive(message(2));
    await later(1_000);
    expect(heard).toEqual(['m1', 'm2']);
    expect(house.errors.splice(0)).toHaveLength(2);
  });

  it('what happens to a message is not told before it', async () => {
    const heard = await house.join('a');
    house.arrive(message(1));
    house.arrive(edit(3));
    house.arrive(edit(1));
    house.arrive(message(3));
    house.arrive(edit(2));
    house.arrive(message(2));
    expect(heard).toEqual(['m1', 'e1', 'm2', 'm3', 'e3', 'e2']);
  });

  it('who joins is given nothing that it has read, and misses nothing that came meanwhile', async () => {
    house.store(1, 2, 3);
    const first = await house.join('a');
    const second = await house.join('b', () => {
      house.arrive(message(4));
      house.arrive(edit(2));
      house.arrive(message(6));
    });
    house.arrive(message(5));
    expect(first).toEqual(['m4', 'e2', 'm5', 'm6']);
    expect(second).toEqual(['m4', 'e2', 'm5', 'm6']);
  });

  it('what was told before the reading is not told to the joiner again', async () => {
    await house.join('a');
    house.store(1, 2, 3);
    const { snapshot, enter } = await house.stream.join('t', 'r', async () => {
      await Promise.resolve();
      for (const seq of [1, 2, 3]) house.arrive(message(seq));
      const { last_seq } = house;
      house.arrive(message(4));
      return { last_seq, last_rev: 0 };
    });
    const heard: unknown[] = [];
    enter((event) => heard.push(event.payload));
    expect([snapshot.last_seq, heard]).toEqual([3, ['m4']]);
  });

  it('who has read further than this node has told waits until it has', async () => {
    const first = await house.join('a');
    house.store(1, 2, 3);
    let second: unknown[] | null = null;
    const joining = house.join('b').then((heard) => (second = heard));
    await later(10);
    expect(second).toBeNull();
    house.arrive(message(2));
    house.arrive(message(1));
    await later(10);
    expect(second).toBeNull();
    house.arrive(message(3));
    await joining;
    house.arrive(message(4));
    expect([first, second]).toEqual([['m1', 'm2', 'm3', 'm4'], ['m4']]);
  });

  it('and where nobody tells, it reads', async () => {
    const first = await house.join('a');
    house.store(1, 2, 3);
    const joining = house.join('b');
    await later();
    const second = await joining;
    house.arrive(message(4));
    expect([first, second]).toEqual([['m1', 'm2', 'm3', 'm4'], ['m4']]);
  });

  it('whoever comes first, while messages arrive in disorder, hears what follows its reading', async () => {
    house.store(1, 2);
    const heard = await house.join('a', () => {
      for (const seq of [4, 2, 1, 3, 3]) house.arrive(message(seq));
    });
    expect(heard).toEqual(['m3', 'm4']);
  });

  it('a failed or abandoned join leaves nothing behind', async () => {
    await expect(house.stream.join('t', 'r', () => Promise.reject(new Error('no such room')))).rejects.toThrow('no such room');
    expect(house.stream.openRooms()).toEqual([]);
    const { abandon } = await house.stream.join('t', 'r', () => Promise.resolve({ last_seq: 7, last_rev: 0 }));
    expect(house.stream.openRooms()).toEqual([{ client_id: 't', room_id: 'r', delivered: 7 }]);
    abandon();
    expect(house.stream.openRooms()).toEqual([]);
  });

  it('a room that was left is read anew by whoever comes next', async () => {
    const first = await house.join('a');
    house.arrive(message(1));
    house.leave('a');
    expect(house.stream.openRooms()).toEqual([]);
    house.store(1, 2, 3);
    house.arrive(message(2));
    const second = await house.join('b');
    house.arrive(message(4));
    expect([first, second]).toEqual([['m1'], ['m4']]);
  });

  it('is told by others how far the room is, and catches up', async () => {
    const heard = await house.join('a');
    house.store(1, 2, 3);
    await house.stream.catchUpTo('t', 'r', 3);
    await house.stream.catchUpTo('t', 'r', 2);
    await house.stream.catchUpTo('t', 'unknown', 9);
    expect(heard).toEqual(['m1', 'm2', 'm3']);
    house.arrive(message(3));
    house.arrive(message(4));
    expect(heard).toEqual(['m1', 'm2', 'm3', 'm4']);
  });

  describe('changes of messages', () => {
    let heard: unknown[];

    beforeEach(async () => {
      house.store(1, 2, 3);
      heard = await house.join('a');
    });

    it('that were told are not asked for, in whatever order they came, and are told once', async () => {
      const [first, second, third] = [house.change(1, 'e1'), house.change(2, 'e2'), house.change(1, 'e1 again')];
      for (const event of [second, first, first, third, second]) house.arrive(event);
      await house.reconcile();
      expect(heard).toEqual(['e2', 'e1', 'e1 again']);
      expect(house.reads).toBe(0);
    });

    it('that never came are told as the messages are now; those that come after all are not told any more', async () => {
      const lost = [house.change(1, 'e1'), house.change(2, 'e2'), house.change(1, 'e1 again'), house.change(3, 'gone', true)];
      const live = house.change(2, 'e2 again');
      house.arrive(live);
      await house.reconcile();
      expect(heard).toEqual(['e2 again', 'e1 again', 'gone']);
      for (const event of lost) house.arrive(event);
      house.arrive(house.change(1, 'e1 at last'));
      await house.reconcile();
      expect(heard).toEqual(['e2 again', 'e1 again', 'gone', 'e1 at last']);
    });

    it('more of them than are read at once are all told', async () => {
      house.store(4, 5, 6, 7);
      for (const seq of [4, 5, 6, 7]) house.arrive(message(seq));
      heard.length = 0;
      for (const seq of range(1, 7)) house.change(seq, `e${seq}`);
      await house.reconcile();
      expect(heard).toEqual(range(1, 7).map((seq) => `e${seq}`));
      expect(house.reads).toBe(4);
    });

    it('an older state is never told after a newer one', async () => {
      house.change(1, 'old');
      house.whileReading = () => house.arrive(house.change(1, 'new'));
      const { last_rev } = house;
      await house.stream.makeUpChanges('t', 'r', last_rev);
      expect(heard).toEqual(['new']);
    });

    it('of a message that is not told yet wait for it', async () => {
      house.change(4, 'e4');
      await house.reconcile();
      expect(heard).toEqual([]);
      house.arrive(message(4));
      expect(heard).toEqual(['m4', 'e4']);
    });

    it('from before the first came in are nobody’s news, and a room that is gone is not asked for ever', async () => {
      house.leave('a');
      house.change(1, 'e1');
      heard = await house.join('b');
      await house.reconcile();
      expect([heard, house.reads]).toEqual([[], 0]);
      await house.stream.makeUpChanges('t', 'r', 1_000_000);
      expect(house.reads).toBe(1);
    });
  });

  it('in any disorder with any losses, every socket hears each message once and in order', async () => {
    for (let round = 0; round < 50; round++) {
      house = new House();
      const heard = await house.join('a');
      const places = range(1, 60);
      house.store(...places);
      house.last_seq = 0;
      const arriving = places.filter(() => Math.random() > 0.2).sort((a, b) => a - b + (Math.random() - 0.5) * 20);
      for (const seq of [...arriving, 60]) {
        house.arrive(message(seq));
        if (Math.random() < 0.1) await later(Math.random() * 300);
      }
      await later(1_000);
      expect(heard).toEqual(places.map((seq) => `m${seq}`));
    }
  });
});
