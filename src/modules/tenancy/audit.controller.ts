import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Page } from '../../platform/database/index.js';
import { Access, Answers, CurrentActor } from '../../platform/http/index.js';
import type { Actor } from '../../platform/scope/index.js';
import { AuditLogQuery } from './audit.dto.js';
import { AuditService } from './audit.service.js';
import { AuditEntryView } from './audit.view.js';

@ApiTags('Tenancy')
@Controller('audit-log')
export class AuditController {
  constructor(private readonly audit: AuditService) {}

  /** Show who did what to which object, newest first. */
  @Get()
  @Access('admin')
  @Answers(200, [AuditEntryView], { refuses: ['INVALID_CURSOR'] })
  listAuditLog(@CurrentActor() actor: Actor, @Query() query: AuditLogQuery): Promise<Page<AuditEntryView>> {
    return this.audit.list(actor, query);
  }
}
