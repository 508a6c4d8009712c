export { CALLS_ENTITIES, CallsModule } from './calls.module.js';
export type { CallEnded } from './log/call.events.js';
export * from './log/call.entity.js';
export { CallLog, type CallPlace, type CallQuestion, type CallReport } from './log/call-log.js';
export { ToolCallView } from './log/call.view.js';
export { IdleCallSweeper } from './log/idle-call.sweeper.js';
export { PhoneNumbers } from './log/phone-numbers.js';
export * from './twilio/twilio-form.js';
export { SignedForm, TwilioWebhook } from './twilio/twilio-webhook.decorator.js';
