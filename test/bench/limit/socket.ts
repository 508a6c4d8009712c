import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { Server } from 'socket.io';

/* The limit of the socket parts: Socket.IO as it comes, which stores nothing and checks nothing. A socket is in the room that its token
   names, and a message goes to everyone in it in the shape of ours. */

const http = createServer();
const io = new Server(http, { perMessageDeflate: false });
let seq = 0;

io.on('connection', (socket) => {
  const { token } = socket.handshake.auth as { token: string };
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { sub: string; room_id: string };
  void socket.join(claims.room_id);
  socket.on('sendMessage', (body: { room_id?: string; content: string }, ack: (answer: object) => void) => {
    const room_id = body.room_id ?? claims.room_id;
    const message = {
      room_id,
      seq: ++seq,
      id: randomUUID(),
      from: { id: claims.sub, username: 'bench0', email: 'bench0@example.com' },
      content: body.content,
      file_ids: [],
      reply_to_seq: null,
      reactions: [],
      created_at: new Date().toISOString(),
      edited_at: null,
      deleted_at: null,
      expires_at: null,
    };
    io.to(room_id).emit('message', message);
    ack({ ok: true, message });
  });
});
http.listen(0, '127.0.0.1', () =>
  process.stdout.write(`${JSON.stringify({ msg: 'listening', port: (http.address() as { port: number }).port })}\n`),
);
