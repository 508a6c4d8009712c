export * from './bounded-cache.js';
