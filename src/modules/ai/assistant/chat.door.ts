import { Injectable } from '@nestjs/common';
import { toErrorBody } from '../../../platform/errors/index.js';
import { acceptsEvents, EventStream, type KaiwaRequest, type KaiwaResponse, Logger } from '../../../platform/http/index.js';
import type { Actor } from '../../../platform/scope/index.js';
import type { ChatDto } from './chat.dto.js';
import { ChatService } from './chat.service.js';
import type { ChatView } from './chat.view.js';
import { toChatError } from './chat-errors.js';

/** How `POST /chat` answers: as JSON, or as server-sent events. */
@Injectable()
export class ChatDoor {
  constructor(
    private readonly chats: ChatService,
    private readonly logger: Logger,
  ) {}

  /** The answer; undefined where it was sent as events. */
  async answer(actor: Actor, body: ChatDto, request: KaiwaRequest, response: KaiwaResponse): Promise<ChatView | undefined> {
    if (wantsEvents(request)) return this.stream(actor, body, request, response);
    // Whoever has named the request comes again for its answer.
    const signal = request.headers['idempotency-key'] === undefined ? goneSignal(response) : new AbortController().signal;
    return this.chats.answer(actor, await this.chats.begin(actor, body, signal), signal);
  }

  /**
   * Sends `delta`, `tool_call` and `tool_result` as they come, then `done` with the whole answer, or `error`. What is wrong before the turn is
   * stored is answered as anywhere else.
   */
  private async stream(actor: Actor, body: ChatDto, request: KaiwaRequest, response: KaiwaResponse): Promise<undefined> {
    const open = await this.chats.begin(actor, body, goneSignal(response));
    const events = new EventStream(response);
    try {
      const view = await this.chats.answer(actor, open, events.signal, {
        text: (text) => events.send('delta', { text }),
        call: (call) => events.send('tool_call', call),
        result: (call) => events.send('tool_result', call),
      });
      void events.send('done', view);
    } catch (thrown) {
      const error = toChatError(thrown);
      const { request_id } = request;
      if (error.status >= 500 && !events.signal.aborted) this.logger.warn({ err: error, request_id, code: error.code }, error.message);
      void events.send('error', toErrorBody(error, request_id));
    } finally {
      events.end();
    }
  }
}

/** True for a request whose answer is to be events. */
export function wantsEvents({ headers, body }: KaiwaRequest): boolean {
  return acceptsEvents(headers.accept) || (body as { stream?: unknown } | null | undefined)?.stream === true;
}

/** Aborted where the client goes away before its answer is whole. */
function goneSignal(response: KaiwaResponse): AbortSignal {
  const gone = new AbortController();
  if (response.destroyed) gone.abort();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort();
  });
  return gone.signal;
}
