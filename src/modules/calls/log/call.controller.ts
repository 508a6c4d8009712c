import { Body, Controller, Delete, Get, Post, Put, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Page, WrittenPage } from '../../../platform/database/index.js';
import { Access, Answers, CurrentActor, PageQuery, RawJson } from '../../../platform/http/index.js';
import type { Actor } from '../../../platform/scope/index.js';
import { CallQuery, CallTurnDto, ChangeCallDto, CreateCallDto, ListCallsQuery } from './call.dto.js';
import { CallService } from './call.service.js';
import { CallDeletedView, CallTurnView, CallView, PhoneView } from './call.view.js';

const NEXT = { headers: { Link: 'The next page, where there is one' } };

@Controller()
@ApiTags('Calls')
export class CallController {
  constructor(private readonly calls: CallService) {}

  /** List the calls, newest first. Members see their own calls with other users alone; each call shows its last 100 turns. */
  @Get('calls')
  @Access('member', { scope: 'phone' })
  @Answers(200, [CallView], { refuses: ['INVALID_CURSOR'], ...NEXT })
  listCalls(@CurrentActor() actor: Actor, @Query() query: ListCallsQuery): Promise<WrittenPage> {
    return this.calls.list(actor, query);
  }

  /** List the numbers that called or were called, by number. */
  @Get('phones')
  @Access('staff', { scope: 'phone' })
  @Answers(200, [PhoneView], { refuses: ['INVALID_CURSOR'], ...NEXT })
  listPhones(@CurrentActor() actor: Actor, @Query() query: PageQuery): Promise<Page<PhoneView>> {
    return this.calls.listPhones(actor, query);
  }

  /** Log a call. */
  @Post('call')
  @Access('staff', { scope: 'phone' })
  @Answers(201, CallView, { refuses: ['CALL_SID_TAKEN'] })
  async createCall(@CurrentActor() actor: Actor, @Body() body: CreateCallDto): Promise<RawJson> {
    return new RawJson(await this.calls.create(actor, body));
  }

  /** Show a call with all its turns. It is named by `id`, by `call_sid`, or by `phone` and `ts`. */
  @Get('call')
  @Access('staff', { scope: 'phone' })
  @Answers(200, CallView, { refuses: ['CALL_NOT_FOUND'] })
  async getCall(@CurrentActor() actor: Actor, @Query() query: CallQuery): Promise<RawJson> {
    return new RawJson(await this.calls.get(actor, query));
  }

  /** Change a call. Only the fields that are named change; `turns` takes the place of all turns. */
  @Put('call')
  @Access('staff', { scope: 'phone' })
  @Answers(200, CallView, { refuses: ['CALL_NOT_FOUND', 'CALL_SID_TAKEN'] })
  async changeCall(@CurrentActor() actor: Actor, @Query() query: CallQuery, @Body() body: ChangeCallDto): Promise<RawJson> {
    return new RawJson(await this.calls.change(actor, query, body));
  }

  /** Delete a call with all that was said in it. */
  @Delete('call')
  @Access('staff', { scope: 'phone' })
  @Answers(200, CallDeletedView, { refuses: ['CALL_NOT_FOUND'] })
  async deleteCall(@CurrentActor() actor: Actor, @Query() query: CallQuery): Promise<CallDeletedView> {
    await this.calls.remove(actor, query);
    return { message: 'Call deleted' };
  }

  /** Add a turn at the end of a call. */
  @Post('call/turns')
  @Access('staff', { scope: 'phone' })
  @Answers(201, CallTurnView, { refuses: ['CALL_NOT_FOUND', 'TOO_MANY_TURNS'] })
  appendCallTurn(@CurrentActor() actor: Actor, @Query() query: CallQuery, @Body() body: CallTurnDto): Promise<CallTurnView> {
    return this.calls.appendTurn(actor, query, body);
  }
}
