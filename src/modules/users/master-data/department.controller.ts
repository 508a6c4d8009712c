import { Body, Controller, Delete, Get, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Page } from '../../../platform/database/index.js';
import { Access, Answers, CurrentActor, IdParam } from '../../../platform/http/index.js';
import type { Actor } from '../../../platform/scope/index.js';
import { ListMasterDataQuery, MasterEntryDto } from './master-data.dto.js';
import { MasterDataService } from './master-data.service.js';
import { MasterEntryView } from './master-data.view.js';

@ApiTags('Matching')
@Controller('departments')
export class DepartmentController {
  constructor(private readonly entries: MasterDataService) {}

  /** List the departments, by name. */
  @Get()
  @Access('member', { scope: 'matching' })
  @Answers(200, [MasterEntryView], { refuses: ['INVALID_CURSOR'], headers: { Link: 'The next page, where there is one' } })
  listDepartments(@CurrentActor() actor: Actor, @Query() query: ListMasterDataQuery): Promise<Page<MasterEntryView>> {
    return this.entries.list(actor, 'department', query);
  }

  /** Add a department. */
  @Post()
  @Access('admin', { scope: 'matching' })
  @Answers(201, MasterEntryView, { refuses: ['NAME_TAKEN'] })
  createDepartment(@CurrentActor() actor: Actor, @Body() body: MasterEntryDto): Promise<MasterEntryView> {
    return this.entries.create(actor, 'department', body.name);
  }

  /** Rename a department. */
  @Patch(':id')
  @Access('admin', { scope: 'matching' })
  @Answers(200, MasterEntryView, { refuses: ['DEPARTMENT_NOT_FOUND', 'NAME_TAKEN'] })
  renameDepartment(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'DEPARTMENT_NOT_FOUND') id: string,
    @Body() body: MasterEntryDto,
  ): Promise<MasterEntryView> {
    return this.entries.rename(actor, 'department', id, body.name);
  }

  /** Delete a department that no profile names. */
  @Delete(':id')
  @Access('admin', { scope: 'matching' })
  @Answers(204, undefined, { refuses: ['DEPARTMENT_NOT_FOUND', 'ENTRY_IN_USE'] })
  deleteDepartment(@CurrentActor() actor: Actor, @IdParam('id', 'DEPARTMENT_NOT_FOUND') id: string): Promise<void> {
    return this.entries.delete(actor, 'department', id);
  }
}
