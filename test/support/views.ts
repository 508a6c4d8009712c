/* What tests read of the server's answers: written by hand, so that a field that changes its name is noticed. */

export interface Message {
  room_id: string;
  seq: number;
  id: string;
  from: { id: string; username: string; email: string } | null;
  content: string | null;
  file_ids: string[];
  reply_to_seq: number | null;
  reactions: Array<{ emoji: string; user_ids: string[] }>;
  created_at: string;
  edited_at: string | null;
  deleted_at: string | null;
  expires_at: string | null;
}

export interface Room {
  id: string;
  name: string;
  visibility: string;
  message_ttl_seconds: number | null;
  created_by: string | null;
  created_at: string;
  my_role: string | null;
  last_seq: number;
  last_message: { seq: number; content: string } | null;
  unread: number;
}

export interface Failure {
  statusCode: number;
  code: string;
  message: string;
  details?: Array<{ field: string; message: string }>;
}

/** An id that is nobody's and nothing's. */
export const NOBODY = '019ac1f0-7b1e-7c3a-9d5e-0123456789ab';
