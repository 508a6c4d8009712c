export * from './actor.js';
export * from './request-scope.js';
