import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a request said. */
export interface ChimeRequest {
  method: string;
  path: string;
  authorization: string;
  body: Record<string, unknown>;
}

/** A participant of a meeting, as the API describes them. */
export interface ChimeAttendee {
  readonly AttendeeId: string;
  readonly ExternalUserId: string;
  readonly JoinToken: string;
}

/** A small server of Amazon Chime SDK Meetings' request shapes. */
export interface FakeChime {
  readonly url: string;
  readonly requests: ChimeRequest[];
  readonly meetings: Map<string, Record<string, unknown>>;
  /** By meeting and external user: `<MeetingId>/<ExternalUserId>`. */
  readonly attendees: Map<string, ChimeAttendee>;
  /** Whose port the signalling shares; nobody answers there by itself. */
  readonly server: Server;
  /** Answers the next requests by a status in place of what they ask for; null as they ask. */
  fail(status: number | null): void;
  /** Answers none of the next so many requests before all of them are there. */
  gather(count: number): void;
  close(): Promise<void>;
}

/** `POST /meetings` (one for each ClientRequestToken) and `POST /meetings/{id}/attendees` (one for each ExternalUserId), as REST-JSON. */
export async function startChime(): Promise<FakeChime> {
  const requests: ChimeRequest[] = [];
  const meetings = new Map<string, Record<string, unknown>>();
  const byToken = new Map<string, string>();
  const attendees = new Map<string, ChimeAttendee>();
  let failing: number | null = null;
  let gathering = 0;
  let gathered = Promise.withResolvers<void>();

  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const port = (): number => (server.address() as AddressInfo).port;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const [path = ''] = (request.url ?? '').split('?');
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8') || '{}') as Record<string, unknown>;
    requests.push({ method: request.method ?? '', path, authorization: request.headers.authorization ?? '', body });
    if (gathering > 0) {
      const together = gathered.promise;
      gathering -= 1;
      if (gathering === 0) gathered.resolve();
      await together;
    }
    if (failing !== null) return reply(failing, { Code: 'No', Message: 'Account 123456789012 is not allowed' }, 'ForbiddenException');
    if (request.method === 'POST' && path === '/meetings') {
      const token = String(body['ClientRequestToken']);
      const id = byToken.get(token) ?? randomUUID();
      byToken.set(token, id);
      const { ExternalMeetingId, MediaRegion } = body;
      const meeting = {
        MeetingId: id,
        ExternalMeetingId,
        MediaRegion,
        MediaPlacement: {
          AudioHostUrl: 'audio.chime.example:3478',
          SignalingUrl: `ws://127.0.0.1:${port()}/control/${id}`,
          EventIngestionUrl: `http://127.0.0.1:${port()}/v1/client-events`,
        },
      };
      meetings.set(id, meetings.get(id) ?? meeting);
      return reply(200, { Meeting: meetings.get(id) });
    }
    const [, meeting_id = ''] = /^\/meetings\/([^/]+)\/attendees$/.exec(path) ?? [];
    if (request.method !== 'POST' || !meetings.has(meeting_id))
      return reply(404, { Code: 'NotFound', Message: 'Meeting not found' }, 'NotFoundException');
    const key = `${meeting_id}/${String(body['ExternalUserId'])}`;
    const made = { AttendeeId: randomUUID(), ExternalUserId: String(body['ExternalUserId']), JoinToken: randomUUID() };
    attendees.set(key, attendees.get(key) ?? made);
    return reply(200, { Attendee: attendees.get(key) });

    function reply(status: number, json: object, error?: string): void {
      response.writeHead(status, {
        'content-type': 'application/json',
        'x-amzn-requestid': randomUUID(),
        ...(error ? { 'x-amzn-errortype': error } : {}),
      });
      response.end(JSON.stringify(json));
    }
  }

  return {
    url: `http://127.0.0.1:${port()}`,
    requests,
    meetings,
    attendees,
    server,
    fail: (status) => {
      failing = status;
    },
    gather: (count) => {
      gathering = count;
      gathered = Promise.withResolvers();
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
