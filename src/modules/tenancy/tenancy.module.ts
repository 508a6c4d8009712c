import { Module } from '@nestjs/common';
import { ApiKeyController } from './api-key.controller.js';
import { ApiKeyRepository } from './api-key.repository.js';
import { ApiKeyService } from './api-key.service.js';
import { AuditController } from './audit.controller.js';
import { AuditRepository } from './audit.repository.js';
import { AuditService } from './audit.service.js';
import { InvitationController } from './invitation.controller.js';
import { InvitationRepository } from './invitation.repository.js';
import { InvitationService } from './invitation.service.js';
import { TenantController } from './tenant.controller.js';
import { TenantDirectory } from './tenant-directory.js';
import { TenantGuard } from './tenant.guard.js';
import { TenantIntegrationChanges } from './tenant-integration-changes.js';
import { TenantIntegrations } from './tenant-integrations.js';
import { TenantOrigins } from './tenant-origins.js';
import { TenantRegisterRepository } from './tenant-register.repository.js';
import { TenantService } from './tenant.service.js';
import { UsageRepository } from './usage.repository.js';
import { UsageService } from './usage.service.js';

@Module({
  controllers: [TenantController, ApiKeyController, InvitationController, AuditController],
  providers: [
    ApiKeyRepository,
    ApiKeyService,
    AuditRepository,
    AuditService,
    InvitationRepository,
    InvitationService,
    TenantDirectory,
    TenantGuard,
    TenantIntegrationChanges,
    TenantIntegrations,
    TenantOrigins,
    TenantRegisterRepository,
    TenantService,
    UsageRepository,
    UsageService,
  ],
  exports: [
    ApiKeyService,
    AuditService,
    InvitationService,
    TenantDirectory,
    TenantGuard,
    TenantIntegrations,
    TenantOrigins,
    TenantService,
    UsageService,
  ],
})
export class TenancyModule {}
