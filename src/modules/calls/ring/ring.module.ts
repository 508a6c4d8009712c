import { Module } from '@nestjs/common';
import { ChatModule } from '../../chat/index.js';
import { UsersModule } from '../../users/index.js';
import { CallsModule } from '../calls.module.js';
import { IceServers } from './ice-servers.js';
import { RingController } from './ring.controller.js';
import { RingGateway } from './ring.gateway.js';
import { RingLifecycle } from './ring.lifecycle.js';
import { RingNotifier } from './ring.notifier.js';
import { RingRepository } from './ring.repository.js';
import { RingService } from './ring.service.js';
import { SignalRelay } from './signal-relay.js';

/** Calls between users. */
@Module({
  imports: [UsersModule, ChatModule, CallsModule],
  controllers: [RingController],
  providers: [IceServers, RingGateway, RingLifecycle, RingNotifier, RingRepository, RingService, SignalRelay],
  exports: [IceServers, SignalRelay],
})
export class RingModule {}
