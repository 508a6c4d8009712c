import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/index.js';
import { ChatModule } from '../chat/index.js';
import { TenancyModule } from '../tenancy/index.js';
import { UsersModule } from '../users/index.js';
import { Call } from './log/call.entity.js';
import { CallLog } from './log/call-log.js';
import { CallRepository } from './log/call.repository.js';
import { PhoneNumbers } from './log/phone-numbers.js';
import { IceServers } from './ring/ice-servers.js';
import { RingController } from './ring/ring.controller.js';
import { RingGateway } from './ring/ring.gateway.js';
import { RingLifecycle } from './ring/ring.lifecycle.js';
import { RingNotifier } from './ring/ring.notifier.js';
import { RingRepository } from './ring/ring.repository.js';
import { RingService } from './ring/ring.service.js';
import { SignalRelay } from './ring/signal-relay.js';

/** The tables of this module. */
export const CALLS_ENTITIES = [Call];

@Module({
  imports: [TenancyModule, UsersModule, AuthModule, ChatModule],
  controllers: [RingController],
  providers: [
    CallLog,
    CallRepository,
    PhoneNumbers,
    IceServers,
    RingGateway,
    RingLifecycle,
    RingNotifier,
    RingRepository,
    RingService,
    SignalRelay,
  ],
  exports: [CallLog, PhoneNumbers, RingService],
})
export class CallsModule {}
