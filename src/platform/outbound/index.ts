export * from './address-guard.js';
export * from './guarded-fetch.js';
export * from './lazy-agent.js';
