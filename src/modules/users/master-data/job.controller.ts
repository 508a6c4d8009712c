import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Page } from '../../../platform/database/index.js';
import { Access, Answers, CurrentActor, PageQuery } from '../../../platform/http/index.js';
import type { Actor } from '../../../platform/scope/index.js';
import { MasterDataService } from './master-data.service.js';
import { JobView } from './master-data.view.js';

@ApiTags('Matching')
@Controller('jobs')
export class JobController {
  constructor(private readonly entries: MasterDataService) {}

  /** List the kinds of work. They are the same in every tenant. */
  @Get()
  @Access('member', { scope: 'matching' })
  @Answers(200, [JobView], { refuses: ['INVALID_CURSOR'], headers: { Link: 'The next page, where there is one' } })
  listJobs(@CurrentActor() actor: Actor, @Query() query: PageQuery): Page<JobView> {
    return this.entries.jobs(actor, query);
  }
}
