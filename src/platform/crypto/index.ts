export * from './crypto.module.js';
export * from './password-hasher.js';
export * from './secret-box.js';
export * from './secret-token.js';
