import { NotificationView } from './notification.view.js';

/** What people are sent live, for the AsyncAPI document. */
export const NOTIFICATION_EVENTS = [
  { name: 'notification', payload: NotificationView, summary: "Something that one person is told of, to that person's sockets" },
] as const;
