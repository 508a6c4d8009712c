import { Body, Controller, Delete, Get, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Page } from '../../platform/database/index.js';
import { Access, Answers, CurrentActor, NameParam, OperatorOnly, PageQuery } from '../../platform/http/index.js';
import type { Actor } from '../../platform/scope/index.js';
import { ChangeAnyTenantDto, ChangeTenantDto, CreateTenantDto } from './tenant.dto.js';
import { TenantService } from './tenant.service.js';
import { TenantView, toTenantView } from './tenant.view.js';
import { UsageQuery } from './usage.dto.js';
import { UsageService } from './usage.service.js';
import { UsageDayView } from './usage.view.js';

@ApiTags('Tenancy')
@Controller()
export class TenantController {
  constructor(
    private readonly tenants: TenantService,
    private readonly usage: UsageService,
  ) {}

  /** Make a tenant with its owner. The tenant comes with its owner and the open room `lobby`, or not at all. */
  @Post('tenants')
  @OperatorOnly()
  @Answers(201, TenantView, { refuses: ['CLIENT_ID_TAKEN', 'DOMAIN_TAKEN', 'PHONE_NUMBER_TAKEN'] })
  async createTenant(@CurrentActor() actor: Actor, @Body() body: CreateTenantDto): Promise<TenantView> {
    return toTenantView(await this.tenants.create(actor, body), actor);
  }

  /** List all tenants, by client_id. */
  @Get('tenants')
  @OperatorOnly()
  @Answers(200, [TenantView], { refuses: ['INVALID_CURSOR'] })
  async listTenants(@CurrentActor() actor: Actor, @Query() query: PageQuery): Promise<Page<TenantView>> {
    return (await this.tenants.list(actor, query)).map((tenant) => toTenantView(tenant, actor));
  }

  /** Change any tenant. Only the fields that are named change. */
  @Patch('tenants/:client_id')
  @OperatorOnly()
  @Answers(200, TenantView, { refuses: ['TENANT_NOT_FOUND', 'DOMAIN_TAKEN', 'PHONE_NUMBER_TAKEN'] })
  async changeAnyTenant(
    @CurrentActor() actor: Actor,
    @NameParam('client_id', 'TENANT_NOT_FOUND', 'The tenant', 'tokyo-salon') client_id: string,
    @Body() body: ChangeAnyTenantDto,
  ): Promise<TenantView> {
    return toTenantView(await this.tenants.changeAny(actor, client_id, body), actor);
  }

  /** Delete a tenant with everything that is its own. The operator's log keeps the fact. */
  @Delete('tenants/:client_id')
  @OperatorOnly()
  @Answers(204, undefined, { refuses: ['TENANT_NOT_FOUND', 'DEFAULT_TENANT'] })
  deleteTenant(
    @CurrentActor() actor: Actor,
    @NameParam('client_id', 'TENANT_NOT_FOUND', 'The tenant', 'tokyo-salon') client_id: string,
  ): Promise<void> {
    return this.tenants.delete(actor, client_id);
  }

  /** Show the caller's tenant. */
  @Get('tenant')
  @Access('member', { scope: 'phone' })
  @Answers(200, TenantView)
  async getTenant(@CurrentActor() actor: Actor): Promise<TenantView> {
    return toTenantView(await this.tenants.getOwn(actor), actor);
  }

  /** Change the caller's tenant. Only the fields that are named change; domains and phone numbers are the operator's to assign. */
  @Patch('tenant')
  @Access('owner')
  @Answers(200, TenantView, { refuses: ['PHONE_NUMBER_TAKEN'] })
  async changeTenant(@CurrentActor() actor: Actor, @Body() body: ChangeTenantDto): Promise<TenantView> {
    return toTenantView(await this.tenants.changeOwn(actor, body), actor);
  }

  /** Show what the tenant used, by day, newest first. */
  @Get('tenant/usage')
  @Access('admin')
  @Answers(200, [UsageDayView], { refuses: ['INVALID_CURSOR'] })
  listUsage(@CurrentActor() actor: Actor, @Query() query: UsageQuery): Promise<Page<UsageDayView>> {
    return this.usage.list(actor, query);
  }
}
