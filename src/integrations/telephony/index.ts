export * from './telephony.port.js';
export { TelephonyModule } from './telephony.module.js';
