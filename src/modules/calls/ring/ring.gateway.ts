import type { Type } from '@nestjs/common';
import { WebSocketGateway } from '@nestjs/websockets';
import { type KaiwaSocket, SocketEvent } from '../../../platform/realtime/index.js';
import { CallSignalDto } from './ring.dto.js';
import { RingService } from './ring.service.js';

/** Calls between users over Socket.IO (contract, section 7), on the sockets that the rooms' gateway lets in. */
@WebSocketGateway()
export class RingGateway {
  /** What a socket sends is looked at one after another, so that it keeps its order. */
  private readonly last = new WeakMap<KaiwaSocket, Promise<unknown>>();

  constructor(private readonly rings: RingService) {}

  @SocketEvent('call:signal', CallSignalDto, { summary: 'Tell the other of the two what their browser needs to know' })
  async signal(socket: KaiwaSocket, { call_id, data }: CallSignalDto): Promise<void> {
    const before = this.last.get(socket) ?? Promise.resolve();
    const signal = before.then(() => this.rings.signal(socket.data.actor.id, socket, call_id, data));
    // Whoever sent it hears of a failure; the next one is looked at all the same.
    this.last.set(
      socket,
      signal.catch(() => undefined),
    );
    return signal;
  }
}

/** The gateway's class, for the AsyncAPI document. */
export const RING_GATEWAY: Type<object> = RingGateway;
