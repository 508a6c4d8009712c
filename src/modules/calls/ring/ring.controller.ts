import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Answers, CurrentActor, IdParam } from '../../../platform/http/index.js';
import type { Actor } from '../../../platform/scope/index.js';
import { ActForDto, ActForQuery, StartCallDto } from './ring.dto.js';
import { RingService } from './ring.service.js';
import { UserCallView } from './ring.view.js';

@Controller('calls')
@ApiTags('Calls between users')
export class RingController {
  constructor(private readonly rings: RingService) {}

  /**
   * Call somebody. All sockets of the person who is called hear `call:incoming`; after 45 seconds without an answer the call is missed. A
   * person is in one call at a time, and of two that call each other at once the first one stands.
   */
  @Post()
  @Access('member', { scope: 'phone' })
  @Answers(201, UserCallView, { refuses: ['USER_NOT_FOUND', 'USER_BUSY', 'NOT_YOURSELF'] })
  startCall(@CurrentActor() actor: Actor, @Body() body: StartCallDto): Promise<UserCallView> {
    return this.rings.start(actor, body);
  }

  /** Show a call. To the two alone; in the log of `GET /calls` it stands with `direction` `internal` and no number. */
  @Get(':id')
  @Access('member', { scope: 'phone' })
  @Answers(200, UserCallView, { refuses: ['CALL_NOT_FOUND', 'NOT_YOURSELF'] })
  getUserCall(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'CALL_NOT_FOUND') id: string,
    @Query() query: ActForQuery,
  ): Promise<UserCallView> {
    return this.rings.get(actor, id, query.user_id);
  }

  /** Answer a call. By the person who is called; of several devices that answer at once the first one has it. */
  @Post(':id/accept')
  @Access('member', { scope: 'phone' })
  @Answers(200, UserCallView, { refuses: ['CALL_NOT_FOUND', 'CALL_NOT_RINGING', 'FORBIDDEN', 'NOT_YOURSELF'] })
  acceptCall(@CurrentActor() actor: Actor, @IdParam('id', 'CALL_NOT_FOUND') id: string, @Body() body: ActForDto): Promise<UserCallView> {
    return this.rings.accept(actor, id, body.user_id);
  }

  /** Decline a call. By the person who is called. */
  @Post(':id/decline')
  @Access('member', { scope: 'phone' })
  @Answers(200, UserCallView, { refuses: ['CALL_NOT_FOUND', 'CALL_NOT_RINGING', 'FORBIDDEN', 'NOT_YOURSELF'] })
  declineCall(@CurrentActor() actor: Actor, @IdParam('id', 'CALL_NOT_FOUND') id: string, @Body() body: ActForDto): Promise<UserCallView> {
    return this.rings.decline(actor, id, body.user_id);
  }

  /**
   * End a call. By either; a call that is over stays as it is. While it rings, ending it declines it for the person who is called, and for
   * the caller it is missed. A call ends by itself once one of the two has had no socket for 15 seconds.
   */
  @Post(':id/end')
  @Access('member', { scope: 'phone' })
  @Answers(200, UserCallView, { refuses: ['CALL_NOT_FOUND', 'NOT_YOURSELF'] })
  endCall(@CurrentActor() actor: Actor, @IdParam('id', 'CALL_NOT_FOUND') id: string, @Body() body: ActForDto): Promise<UserCallView> {
    return this.rings.end(actor, id, body.user_id);
  }
}
