import { Body, Controller, Get, Patch, Post, Query, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Page } from '../../platform/database/index.js';
import { Access, Answers, baseUrlOf, CurrentActor, IdParam, type KaiwaRequest } from '../../platform/http/index.js';
import type { Actor } from '../../platform/scope/index.js';
import { ChangeMatchingDto, CreateMatchingDto, ListMatchingsQuery } from './matching.dto.js';
import { MatchingService } from './matching.service.js';
import { MatchingView } from './matching.view.js';

@ApiTags('Matching')
@Controller('matching')
export class MatchingController {
  constructor(private readonly matchings: MatchingService) {}

  /** Book a talk. The listener is the caller, unless an admin names another; both must have proven who they are and be free. */
  @Post()
  @Access('member', { scope: 'matching' })
  @Answers(201, MatchingView, {
    refuses: [
      'USER_NOT_FOUND',
      'SPEAKER_NOT_COMPANY',
      'LISTENER_NOT_STUDENT',
      'IDENTITY_NOT_VERIFIED',
      'SPEAKER_NOT_AVAILABLE',
      'LISTENER_NOT_AVAILABLE',
      'NOT_YOURSELF',
    ],
  })
  createMatching(@CurrentActor() actor: Actor, @Body() body: CreateMatchingDto, @Req() request: KaiwaRequest): Promise<MatchingView> {
    return this.matchings.create(actor, body, hereOf(request));
  }

  /** List the caller's matchings, the latest first. Systems see those of the tenant. */
  @Get()
  @Access('member', { scope: 'matching' })
  @Answers(200, [MatchingView], { refuses: ['INVALID_CURSOR'], headers: { Link: 'The next page, where there is one' } })
  listMatchings(
    @CurrentActor() actor: Actor,
    @Query() query: ListMatchingsQuery,
    @Req() request: KaiwaRequest,
  ): Promise<Page<MatchingView>> {
    return this.matchings.list(actor, query, hereOf(request));
  }

  /** Show a matching. To the two, and to admins. */
  @Get(':id')
  @Access('member', { scope: 'matching' })
  @Answers(200, MatchingView, { refuses: ['MATCHING_NOT_FOUND'] })
  getMatching(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'MATCHING_NOT_FOUND') id: string,
    @Req() request: KaiwaRequest,
  ): Promise<MatchingView> {
    return this.matchings.get(actor, id, hereOf(request));
  }

  /** Move a talk, or call it off. By either of the two until the tenant's cut-off, and by admins. */
  @Patch(':id')
  @Access('member', { scope: 'matching' })
  @Answers(200, MatchingView, {
    refuses: ['MATCHING_NOT_FOUND', 'MATCHING_OVER', 'CUTOFF_PASSED', 'SPEAKER_NOT_AVAILABLE', 'LISTENER_NOT_AVAILABLE'],
  })
  changeMatching(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'MATCHING_NOT_FOUND') id: string,
    @Body() body: ChangeMatchingDto,
    @Req() request: KaiwaRequest,
  ): Promise<MatchingView> {
    return this.matchings.change(actor, id, body, hereOf(request));
  }
}

/** Where links lead: this server, under the prefix that the caller uses. */
function hereOf(request: KaiwaRequest): string {
  return `${baseUrlOf(request)}${request.baseUrl}`;
}
