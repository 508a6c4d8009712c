export { MeetingGoneError, MeetingProvider, type ProviderDescription } from './meeting-provider.port.js';
export { MeetingsModule } from './meetings.module.js';
