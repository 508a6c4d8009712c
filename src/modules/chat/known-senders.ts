import { Injectable } from '@nestjs/common';
import type { NewMessage, PostOutcome } from './message.repository.js';

interface Sender {
  readonly username: string;
  readonly email: string;
}

/** How long what was seen is believed: names change rarely, and a stale membership of an open room harms nobody. */
const FRESH_MS = 60_000;
const MOST = 50_000;

/**
 * Who has been seen to send, and where: saves the look-ups that would find the same again for each message. It decides nothing about who
 * may: whether a person still exists is their credential's matter, and of private rooms nothing here is believed.
 */
@Injectable()
export class KnownSenders {
  private readonly senders = new Fresh<Sender>();
  private readonly members = new Fresh<true>();

  /** The name of a person whose credential is good; null where it must be read. */
  find(client_id: string, user_id: string): Sender | null {
    return this.senders.get(`${client_id}/${user_id}`) ?? null;
  }

  /** True where the person was seen in the room a short while ago. */
  isMember(client_id: string, room_id: string, user_id: string): boolean {
    return this.members.get(`${client_id}/${room_id}/${user_id}`) === true;
  }

  /** Learns from a message that was stored. */
  learn(client_id: string, message: NewMessage, outcome: PostOutcome): void {
    const { sender_id, room_id } = message;
    if (!message.known_member) this.members.set(`${client_id}/${room_id}/${sender_id}`, true);
    if (message.sender === null && outcome.username !== null && outcome.email !== null) {
      this.senders.set(`${client_id}/${sender_id}`, { username: outcome.username, email: outcome.email });
    }
  }

  /** Forgets who is in a room. */
  forgetRoom(client_id: string, room_id: string): void {
    this.members.deleteWhere((key) => key.startsWith(`${client_id}/${room_id}/`));
  }

  /** Forgets that a person is in a room. */
  forgetMember(client_id: string, room_id: string, user_id: string): void {
    this.members.delete(`${client_id}/${room_id}/${user_id}`);
  }
}

/** A bounded map whose entries are believed for a while; the oldest go first. */
class Fresh<T> {
  private readonly entries = new Map<string, { value: T; until: number }>();

  get(key: string): T | undefined {
    const entry = this.entries.get(key);
    if (!entry) return undefined;
    if (entry.until > performance.now()) return entry.value;
    this.entries.delete(key);
    return undefined;
  }

  set(key: string, value: T): void {
    this.entries.delete(key);
    if (this.entries.size >= MOST) {
      const [oldest] = this.entries.keys();
      if (oldest !== undefined) this.entries.delete(oldest);
    }
    this.entries.set(key, { value, until: performance.now() + FRESH_MS });
  }

  delete(key: string): void {
    this.entries.delete(key);
  }

  deleteWhere(matches: (key: string) => boolean): void {
    for (const key of this.entries.keys()) if (matches(key)) this.entries.delete(key);
  }
}
