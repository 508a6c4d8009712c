import { Body, Controller, Delete, Get, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Page } from '../../../platform/database/index.js';
import { Access, Answers, CurrentActor, IdParam } from '../../../platform/http/index.js';
import type { Actor } from '../../../platform/scope/index.js';
import { ListMasterDataQuery, MasterEntryDto } from './master-data.dto.js';
import { MasterDataService } from './master-data.service.js';
import { MasterEntryView } from './master-data.view.js';

@ApiTags('Matching')
@Controller('companies')
export class CompanyController {
  constructor(private readonly entries: MasterDataService) {}

  /** List the companies, by name. */
  @Get()
  @Access('member', { scope: 'matching' })
  @Answers(200, [MasterEntryView], { refuses: ['INVALID_CURSOR'], headers: { Link: 'The next page, where there is one' } })
  listCompanies(@CurrentActor() actor: Actor, @Query() query: ListMasterDataQuery): Promise<Page<MasterEntryView>> {
    return this.entries.list(actor, 'company', query);
  }

  /** Add a company. */
  @Post()
  @Access('admin', { scope: 'matching' })
  @Answers(201, MasterEntryView, { refuses: ['NAME_TAKEN'] })
  createCompany(@CurrentActor() actor: Actor, @Body() body: MasterEntryDto): Promise<MasterEntryView> {
    return this.entries.create(actor, 'company', body.name);
  }

  /** Rename a company. */
  @Patch(':id')
  @Access('admin', { scope: 'matching' })
  @Answers(200, MasterEntryView, { refuses: ['COMPANY_NOT_FOUND', 'NAME_TAKEN'] })
  renameCompany(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'COMPANY_NOT_FOUND') id: string,
    @Body() body: MasterEntryDto,
  ): Promise<MasterEntryView> {
    return this.entries.rename(actor, 'company', id, body.name);
  }

  /** Delete a company that no profile names. */
  @Delete(':id')
  @Access('admin', { scope: 'matching' })
  @Answers(204, undefined, { refuses: ['COMPANY_NOT_FOUND', 'ENTRY_IN_USE'] })
  deleteCompany(@CurrentActor() actor: Actor, @IdParam('id', 'COMPANY_NOT_FOUND') id: string): Promise<void> {
    return this.entries.delete(actor, 'company', id);
  }
}
