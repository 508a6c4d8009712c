import { Global, Module } from '@nestjs/common';
import { Telephony } from './telephony.port.js';
import { TwilioAdapter } from './twilio.adapter.js';

/** The telephone provider, for whoever asks it. */
@Global()
@Module({ providers: [TwilioAdapter, { provide: Telephony, useExisting: TwilioAdapter }], exports: [Telephony] })
export class TelephonyModule {}
