import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Answers } from '../../../platform/http/index.js';
import { JOBS } from '../user-profile.js';
import { JobView } from './master-data.view.js';

@ApiTags('Matching')
@Controller('jobs')
export class JobController {
  /** List the kinds of work. They are the same in every tenant. */
  @Get()
  @Access('member', { scope: 'matching' })
  @Answers(200, [JobView])
  listJobs(): JobView[] {
    return [...JOBS];
  }
}
