export * from './payment-provider.port.js';
export * from './payments.module.js';
