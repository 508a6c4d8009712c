import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Realtime } from '../../../platform/realtime/index.js';
import { SignalRelay } from './signal-relay.js';

/** A node of its own: what it hears, and what it tells the others. */
function node(): { relay: SignalRelay; heard: number[]; told: Array<Parameters<SignalRelay['receive']>[0]> } {
  const heard: number[] = [];
  const told: Array<Parameters<SignalRelay['receive']>[0]> = [];
  const realtime = new Realtime();
  jest.spyOn(realtime, 'hasSockets').mockReturnValue(true);
  jest.spyOn(realtime, 'emitHere').mockImplementation((_channel, _event, payload) => void heard.push(payload as number));
  jest.spyOn(realtime, 'relay').mockImplementation((_kind, data) => void told.push(data as (typeof told)[number]));
  return { relay: new SignalRelay(realtime), heard, told };
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe('SignalRelay', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  /** What one socket sends, as it leaves its node. */
  function sent(count: number, origin: object = {}): ReturnType<typeof node>['told'] {
    const sender = node();
    for (const place of range(1, count)) sender.relay.send(origin, { channel: 'c', event: 'e', payload: String(place) });
    expect(sender.heard).toEqual(range(1, count));
    return sender.told;
  }

  it('puts what comes in any order into the order in which it was sent', () => {
    const told = sent(50);
    const { relay, heard } = node();
    for (const signal of [...told].reverse()) relay.receive(signal);
    expect(heard).toEqual(range(1, 50));
  });

  it('waits for what is missing, and not for long; what comes late is given late', () => {
    const told = sent(5);
    const { relay, heard } = node();
    for (const place of [1, 3, 5]) relay.receive(told[place - 1]!);
    jest.advanceTimersByTime(999);
    expect(heard).toEqual([1]);
    jest.advanceTimersByTime(1);
    expect(heard).toEqual([1, 3]);
    jest.advanceTimersByTime(1_000);
    expect(heard).toEqual([1, 3, 5]);
    relay.receive(told[1]!);
    expect(heard).toEqual([1, 3, 5, 2]);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('a node that comes to it late gives what it hears, after the wait', () => {
    const told = sent(10);
    const { relay, heard } = node();
    for (const signal of told.slice(6)) relay.receive(signal);
    jest.advanceTimersByTime(1_000);
    expect(heard).toEqual(range(7, 10));
  });

  it('never holds more than a hundred', () => {
    const told = sent(102);
    const { relay, heard } = node();
    for (const signal of told.slice(1)) relay.receive(signal);
    expect(heard).toEqual(range(2, 102));
  });

  it('one socket does not wait for another', () => {
    const [one, two] = [sent(3), sent(3)];
    const { relay, heard } = node();
    relay.receive(one[1]!);
    for (const signal of two) relay.receive(signal);
    expect(heard).toEqual([1, 2, 3]);
  });
});
