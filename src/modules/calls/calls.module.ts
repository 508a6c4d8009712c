import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/index.js';
import { TenancyModule } from '../tenancy/index.js';
import { Call } from './log/call.entity.js';
import { CallController } from './log/call.controller.js';
import { CallLog } from './log/call-log.js';
import { CallRepository } from './log/call.repository.js';
import { CallService } from './log/call.service.js';
import { PhoneNumbers } from './log/phone-numbers.js';

/** The tables of this module. */
export const CALLS_ENTITIES = [Call];

@Module({
  imports: [TenancyModule, AuthModule],
  controllers: [CallController],
  providers: [CallLog, CallRepository, CallService, PhoneNumbers],
  exports: [CallLog, PhoneNumbers],
})
export class CallsModule {}
