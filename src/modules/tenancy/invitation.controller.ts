import { Body, Controller, Delete, Get, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Page } from '../../platform/database/index.js';
import { Access, Answers, CurrentActor, IdParam, NoIdempotency, PageQuery } from '../../platform/http/index.js';
import type { Actor } from '../../platform/scope/index.js';
import { CreateInvitationDto } from './invitation.dto.js';
import { InvitationService } from './invitation.service.js';
import { InvitationView, NewInvitationView } from './invitation.view.js';

@ApiTags('Tenancy')
@Controller('invitations')
export class InvitationController {
  constructor(private readonly invitations: InvitationService) {}

  /** Invite an email address. The token is shown this once; whoever registers by it gets the role that it names. */
  @Post()
  @Access('admin')
  @NoIdempotency()
  @Answers(201, NewInvitationView, { refuses: ['EMAIL_TAKEN'] })
  createInvitation(@CurrentActor() actor: Actor, @Body() body: CreateInvitationDto): Promise<NewInvitationView> {
    return this.invitations.create(actor, body);
  }

  /** List the tenant's invitations, newest first. */
  @Get()
  @Access('admin')
  @Answers(200, [InvitationView], { refuses: ['INVALID_CURSOR'] })
  listInvitations(@CurrentActor() actor: Actor, @Query() query: PageQuery): Promise<Page<InvitationView>> {
    return this.invitations.list(actor, query);
  }

  /** Take an invitation back. */
  @Delete(':id')
  @Access('admin')
  @Answers(204, undefined, { refuses: ['INVITATION_NOT_FOUND'] })
  deleteInvitation(@CurrentActor() actor: Actor, @IdParam('id', 'INVITATION_NOT_FOUND') id: string): Promise<void> {
    return this.invitations.delete(actor, id);
  }
}
