import { Module } from '@nestjs/common';
import { TenancyModule } from '../tenancy/index.js';
import { UsersModule } from '../users/index.js';
import { Faq } from './faq/faq.entity.js';
import { FaqController } from './faq/faq.controller.js';
import { FaqFileController } from './faq/faq-file.controller.js';
import { FaqEmbeddingRepository } from './faq/faq-embedding.repository.js';
import { FaqEmbeddings } from './faq/faq-embeddings.js';
import { FaqFinder } from './faq/faq-finder.js';
import { FaqImportService } from './faq/faq-import.service.js';
import { FaqRenewal } from './faq/faq-renewal.js';
import { FaqRepository } from './faq/faq.repository.js';
import { FaqReranker } from './faq/faq-reranker.js';
import { FaqSearch } from './faq/faq-search.js';
import { FaqService } from './faq/faq.service.js';
import { FaqTermsRepository } from './faq/faq-terms.repository.js';
import { CurrentSettings } from './settings/current-settings.js';
import { SettingVersion } from './settings/setting.entity.js';
import { SettingsController } from './settings/settings.controller.js';
import { SettingsRepository } from './settings/settings.repository.js';
import { SettingsService } from './settings/settings.service.js';
import { Task } from './task/task.entity.js';
import { TaskController } from './task/task.controller.js';
import { TaskRepository } from './task/task.repository.js';
import { TaskService } from './task/task.service.js';
import { ExtToolController } from './tools/ext-tool.controller.js';
import { ExtToolRunner } from './tools/ext-tool-runner.js';
import { ExtToolService } from './tools/ext-tool.service.js';
import { ExtToolVault } from './tools/ext-tool-vault.js';

/** The tables of this module. */
export const AI_ENTITIES = [Faq, SettingVersion, Task];

/** The phone assistant: what it knows, what it is told, and what it may do. */
@Module({
  imports: [TenancyModule, UsersModule],
  controllers: [FaqController, FaqFileController, TaskController, SettingsController, ExtToolController],
  providers: [
    CurrentSettings,
    ExtToolRunner,
    ExtToolService,
    ExtToolVault,
    FaqEmbeddingRepository,
    FaqEmbeddings,
    FaqFinder,
    FaqImportService,
    FaqRenewal,
    FaqRepository,
    FaqReranker,
    FaqSearch,
    FaqService,
    FaqTermsRepository,
    SettingsRepository,
    SettingsService,
    TaskRepository,
    TaskService,
  ],
  exports: [ExtToolRunner, FaqSearch, FaqService, SettingsService, TaskService],
})
export class AiModule {}
