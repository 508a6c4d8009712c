import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Answers, CurrentActor, type KaiwaRequest, type KaiwaResponse, linkPage } from '../../platform/http/index.js';
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
  async listAuditLog(
    @CurrentActor() actor: Actor,
    @Query() query: AuditLogQuery,
    @Req() request: KaiwaRequest,
    @Res({ passthrough: true }) response: KaiwaResponse,
  ): Promise<AuditEntryView[]> {
    return linkPage(await this.audit.list(actor, query), request, response);
  }
}
