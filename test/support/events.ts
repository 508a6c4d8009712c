/** One server-sent event; `data` is its JSON. */
export interface ServerEvent {
  event: string;
  data: Record<string, unknown>;
}

/** A stream of events that is being read. */
export interface OpenEvents {
  status: number;
  headers: Headers;
  /** The next event; null at the end. */
  next(): Promise<ServerEvent | null>;
  /** All that are left. */
  rest(): Promise<ServerEvent[]>;
  /** Goes away. */
  leave(): void;
}

/** Asks for events; the body of an answer that is none is its text, as one event `body`. */
export async function openEvents(url: string, headers: Record<string, string>, json: unknown): Promise<OpenEvents> {
  const leaving = new AbortController();
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...headers },
    body: JSON.stringify(json),
    signal: leaving.signal,
  });
  const events = read(response);
  return {
    status: response.status,
    headers: response.headers,
    next: async () => (await events.next()).value ?? null,
    rest: async () => {
      const left: ServerEvent[] = [];
      for await (const event of events) left.push(event);
      return left;
    },
    leave: () => leaving.abort(),
  };
}

async function* read(response: Response): AsyncGenerator<ServerEvent, undefined> {
  if (!response.headers.get('content-type')?.startsWith('text/event-stream')) {
    yield { event: 'body', data: (await response.json()) as Record<string, unknown> };
    return undefined;
  }
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const lines = text.slice(0, end).split('\n');
      text = text.slice(end + 2);
      const event = lines.find((line) => line.startsWith('event: '))?.slice(7);
      const data = lines.find((line) => line.startsWith('data: '))?.slice(6);
      if (event !== undefined && data !== undefined) yield { event, data: JSON.parse(data) as Record<string, unknown> };
    }
  }
  return undefined;
}
