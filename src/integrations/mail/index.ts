export * from './mail-queue.js';
export * from './mail.module.js';
export * from './mailer.port.js';
