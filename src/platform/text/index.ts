export * from './caseless.js';
