import { Module } from '@nestjs/common';
import { CallsModule } from '../../calls/index.js';
import { TenancyModule } from '../../tenancy/index.js';
import { AiModule } from '../ai.module.js';
import { VoiceController } from '../phone/voice.controller.js';
import { VoiceService } from '../phone/voice.service.js';
import { Answerers } from './answerers.js';
import { BuiltInTools } from './built-in-tools.js';
import { CallReports } from './call-reports.js';
import { ChatController } from './chat.controller.js';
import { ChatDoor } from './chat.door.js';
import { ChatLogRepository } from './chat-log.repository.js';
import { ChatService } from './chat.service.js';
import { FaqAnswerer } from './faq-answerer.js';
import { Toolbox } from './toolbox.js';
import { TurnLeaseRepository } from './turn-lease.repository.js';
import { TurnLeases } from './turn-leases.js';
import { Turns } from './turns.js';

/** The assistant at work: conversations by text and by phone. */
@Module({
  imports: [AiModule, CallsModule, TenancyModule],
  controllers: [ChatController, VoiceController],
  providers: [
    Answerers,
    BuiltInTools,
    CallReports,
    ChatDoor,
    ChatLogRepository,
    ChatService,
    FaqAnswerer,
    Toolbox,
    TurnLeaseRepository,
    TurnLeases,
    Turns,
    VoiceService,
  ],
})
export class AssistantModule {}
