import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** A request that a peer was sent. */
export interface PeerRequest {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
  /** True once its sender went away before the answer. */
  aborted: boolean;
}

/** Somebody else's server, on an address of this machine. */
export interface HttpPeer {
  readonly url: string;
  readonly requests: PeerRequest[];
  /** How the next requests are answered. */
  answer: (request: PeerRequest, response: ServerResponse) => void;
  close(): Promise<void>;
}

/** Starts one that answers `{}`. */
export async function startPeer(host = '127.0.0.1'): Promise<HttpPeer> {
  const sockets = new Set<Socket>();
  const requests: PeerRequest[] = [];
  const server = createServer((incoming, response) => void receive(incoming, response));
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, host);
  await once(server, 'listening');
  const peer: HttpPeer = {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    requests,
    answer: (_request, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{}'),
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  return peer;

  async function receive(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const { method = '', url = '', headers } = incoming;
    const request: PeerRequest = { method, url, headers, body: Buffer.concat(chunks).toString('utf8'), aborted: false };
    response.once('close', () => (request.aborted = !response.writableFinished));
    requests.push(request);
    peer.answer(request, response);
  }
}
