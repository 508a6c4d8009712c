export * from './event-budget.js';
export * from './kaiwa-io.adapter.js';
export * from './realtime.js';
export * from './relay-server.js';
export * from './realtime.module.js';
export * from './socket-event.decorator.js';
export * from './socket-types.js';
export * from './cluster.js';
