import { type DynamicModule, Module } from '@nestjs/common';
import { APP_GUARD, APP_PIPE } from '@nestjs/core';
import type { Logger as PinoLogger } from 'pino';
import { DocumentsModule } from './documents/index.js';
import { LlmModule } from './integrations/llm/index.js';
import { AI_ENTITIES, AiModule, AssistantModule } from './modules/ai/index.js';
import { MeetingsModule } from './integrations/meetings/index.js';
import { PaymentsModule } from './integrations/payments/index.js';
import { AUTH_ENTITIES, AuthGuard, AuthModule, IdempotencyGuard, RateLimitGuard } from './modules/auth/index.js';
import { CALLS_ENTITIES, CallsModule, RingModule } from './modules/calls/index.js';
import { CHAT_ENTITIES, ChatModule } from './modules/chat/index.js';
import { FILES_ENTITIES, FilesModule } from './modules/files/index.js';
import { MATCHING_ENTITIES, MatchingModule } from './modules/matching/index.js';
import { PAGES_ENTITIES, PagesModule } from './modules/pages/index.js';
import { TENANCY_ENTITIES, TenancyModule, TenantGuard } from './modules/tenancy/index.js';
import { USERS_ENTITIES, UsersModule } from './modules/users/index.js';
import { Config } from './platform/config/index.js';
import { CryptoModule } from './platform/crypto/index.js';
import { DatabaseModule } from './platform/database/index.js';
import { EventsModule } from './platform/events/index.js';
import { CompiledValidationPipe, Logger } from './platform/http/index.js';
import { JobsModule } from './platform/jobs/index.js';
import { OperationModule } from './platform/operation/index.js';
import { type KaiwaServer, RealtimeModule, RELAY_SERVER } from './platform/realtime/index.js';
import { Sweeps } from './sweeps.js';

/** Every table that TypeORM maps. */
const ENTITIES = [
  // One line for each module.
  ...TENANCY_ENTITIES,
  ...USERS_ENTITIES,
  ...AUTH_ENTITIES,
  ...FILES_ENTITIES,
  ...PAGES_ENTITIES,
  ...CHAT_ENTITIES,
  ...CALLS_ENTITIES,
  ...AI_ENTITIES,
  ...MATCHING_ENTITIES,
];

/** The application: what it is made of, and the order of the guards that every request passes. */
@Module({})
export class AppModule {
  /** The application for a configuration; with a `relay` where it takes no sockets itself. */
  static forRoot(config: Config, logger: PinoLogger, relay: KaiwaServer | null = null): DynamicModule {
    return {
      module: AppModule,
      imports: [
        CoreModule.forRoot(config, logger, relay),
        DatabaseModule.forRoot(ENTITIES),
        CryptoModule,
        EventsModule,
        JobsModule,
        RealtimeModule,
        OperationModule,
        PaymentsModule,
        MeetingsModule,
        DocumentsModule,
        LlmModule,
        // The rooms come first among the routes: they are asked for most.
        ChatModule,
        CallsModule,
        PagesModule,
        RingModule,
        TenancyModule,
        UsersModule,
        AuthModule,
        AiModule,
        FilesModule,
        AssistantModule,
        MatchingModule,
      ],
      providers: [
        Sweeps,
        { provide: APP_PIPE, useClass: CompiledValidationPipe },
        // Who calls; in which tenant and whether they may; how often; and whether they have asked before.
        { provide: APP_GUARD, useExisting: AuthGuard },
        { provide: APP_GUARD, useExisting: TenantGuard },
        { provide: APP_GUARD, useExisting: RateLimitGuard },
        { provide: APP_GUARD, useExisting: IdempotencyGuard },
      ],
    };
  }
}

/** What start-up has made, for everybody to inject. */
@Module({})
class CoreModule {
  static forRoot(config: Config, logger: PinoLogger, relay: KaiwaServer | null): DynamicModule {
    return {
      module: CoreModule,
      global: true,
      providers: [
        { provide: Config, useValue: config },
        { provide: Logger, useValue: logger },
        { provide: RELAY_SERVER, useValue: relay },
      ],
      exports: [Config, Logger, RELAY_SERVER],
    };
  }
}
