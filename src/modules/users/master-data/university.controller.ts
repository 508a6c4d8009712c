import { Body, Controller, Delete, Get, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Page } from '../../../platform/database/index.js';
import { Access, Answers, CurrentActor, IdParam } from '../../../platform/http/index.js';
import type { Actor } from '../../../platform/scope/index.js';
import { ListMasterDataQuery, MasterEntryDto } from './master-data.dto.js';
import { MasterDataService } from './master-data.service.js';
import { MasterEntryView } from './master-data.view.js';

@ApiTags('Matching')
@Controller('universities')
export class UniversityController {
  constructor(private readonly entries: MasterDataService) {}

  /** List the universities, by name. */
  @Get()
  @Access('member', { scope: 'matching' })
  @Answers(200, [MasterEntryView], { refuses: ['INVALID_CURSOR'], headers: { Link: 'The next page, where there is one' } })
  listUniversities(@CurrentActor() actor: Actor, @Query() query: ListMasterDataQuery): Promise<Page<MasterEntryView>> {
    return this.entries.list(actor, 'university', query);
  }

  /** Add a university. */
  @Post()
  @Access('admin', { scope: 'matching' })
  @Answers(201, MasterEntryView, { refuses: ['NAME_TAKEN'] })
  createUniversity(@CurrentActor() actor: Actor, @Body() body: MasterEntryDto): Promise<MasterEntryView> {
    return this.entries.create(actor, 'university', body.name);
  }

  /** Rename a university. */
  @Patch(':id')
  @Access('admin', { scope: 'matching' })
  @Answers(200, MasterEntryView, { refuses: ['UNIVERSITY_NOT_FOUND', 'NAME_TAKEN'] })
  renameUniversity(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'UNIVERSITY_NOT_FOUND') id: string,
    @Body() body: MasterEntryDto,
  ): Promise<MasterEntryView> {
    return this.entries.rename(actor, 'university', id, body.name);
  }

  /** Delete a university that no profile names. */
  @Delete(':id')
  @Access('admin', { scope: 'matching' })
  @Answers(204, undefined, { refuses: ['UNIVERSITY_NOT_FOUND', 'ENTRY_IN_USE'] })
  deleteUniversity(@CurrentActor() actor: Actor, @IdParam('id', 'UNIVERSITY_NOT_FOUND') id: string): Promise<void> {
    return this.entries.delete(actor, 'university', id);
  }
}
