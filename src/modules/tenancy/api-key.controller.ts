import { Body, Controller, Delete, Get, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Page } from '../../platform/database/index.js';
import { Access, Answers, CurrentActor, IdParam, NoIdempotency, PageQuery } from '../../platform/http/index.js';
import type { Actor } from '../../platform/scope/index.js';
import { CreateApiKeyDto } from './api-key.dto.js';
import { ApiKeyService } from './api-key.service.js';
import { ApiKeyView, NewApiKeyView } from './api-key.view.js';

@ApiTags('Tenancy')
@Controller('api-keys')
export class ApiKeyController {
  constructor(private readonly keys: ApiKeyService) {}

  /** Make an API key. The key is shown this once. */
  @Post()
  @Access('admin')
  @NoIdempotency()
  @Answers(201, NewApiKeyView)
  createApiKey(@CurrentActor() actor: Actor, @Body() body: CreateApiKeyDto): Promise<NewApiKeyView> {
    return this.keys.create(actor, body);
  }

  /** List the tenant's API keys, newest first. */
  @Get()
  @Access('admin')
  @Answers(200, [ApiKeyView], { refuses: ['INVALID_CURSOR'] })
  listApiKeys(@CurrentActor() actor: Actor, @Query() query: PageQuery): Promise<Page<ApiKeyView>> {
    return this.keys.list(actor, query);
  }

  /** End an API key. It is refused everywhere within a second. */
  @Delete(':id')
  @Access('admin')
  @Answers(204, undefined, { refuses: ['API_KEY_NOT_FOUND'] })
  deleteApiKey(@CurrentActor() actor: Actor, @IdParam('id', 'API_KEY_NOT_FOUND') id: string): Promise<void> {
    return this.keys.delete(actor, id);
  }
}
