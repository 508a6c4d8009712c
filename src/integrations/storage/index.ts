export * from './storage.module.js';
export * from './storage.port.js';
