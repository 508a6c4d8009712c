import { Controller, Get, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiQuery, ApiTags } from '@nestjs/swagger';
import { AppError } from '../../platform/errors/index.js';
import { Answers, IdParam, type KaiwaRequest, type KaiwaResponse, Public, RawJson } from '../../platform/http/index.js';
import { TenantGuard } from '../tenancy/index.js';
import { PageDelivery } from './page-delivery.service.js';
import { DeliveredPageView } from './page.view.js';

@Controller('page')
@ApiTags('Pages')
export class PageDeliveryController {
  constructor(
    private readonly delivery: PageDelivery,
    private readonly tenants: TenantGuard,
  ) {}

  /**
   * Deliver a page to a reader. It is found by its id alone, whatever the tenant of the link. A page of access type 1 wants its password,
   * one of type 2 the credential of a listed user; the creator and the co-editors always see it.
   */
  @Get(':id')
  @Public({ tenant: 'none' })
  @ApiQuery({
    name: 'password',
    required: false,
    description: 'The password of a page of access type 1',
    schema: { type: 'string', example: 'himitsu-7' },
  })
  @ApiHeader({
    name: 'If-None-Match',
    required: false,
    description: 'The `ETag` of what the reader has: answered with 304 while it is the same',
    schema: { type: 'string', example: '"3"' },
  })
  @Answers(200, DeliveredPageView, {
    refuses: ['PAGE_NOT_FOUND', 'INCORRECT_PASSWORD', 'FORBIDDEN', 'RATE_LIMITED'],
    headers: { ETag: 'Names the state of the page; for `If-None-Match`', 'Cache-Control': 'Kept, and asked again before each use' },
  })
  @Answers(304, undefined, { description: 'The reader has it already' })
  async deliverPage(
    @IdParam('id', 'PAGE_NOT_FOUND') id: string,
    @Req() request: KaiwaRequest,
    @Res({ passthrough: true }) response: KaiwaResponse,
  ): Promise<RawJson> {
    const client_id = this.delivery.peekTenant(id) ?? (await this.delivery.findTenant(id));
    const entered = this.tenants.enterFound(client_id, request, response);
    // Nearly always the tenant is in memory, and a promise less is waited for.
    if (!(typeof entered === 'boolean' ? entered : await entered)) throw new AppError('PAGE_NOT_FOUND');
    const { json, tag, is_open } = await this.delivery.deliver(id, {
      actor: request.scope.actor,
      password: passwordOf(request),
      if_none_match: request.headers['if-none-match'],
    });
    response.setHeader('ETag', tag);
    response.setHeader('Cache-Control', is_open ? 'public, no-cache' : 'private, no-cache');
    return json === null ? new RawJson('', 304) : new RawJson(json);
  }
}

/** The password as the link gives it; one that is given twice is no password. */
function passwordOf(request: KaiwaRequest): string | null {
  if (!request.url.includes('?')) return null;
  const { password } = request.query;
  if (password === undefined) return null;
  return typeof password === 'string' ? password : JSON.stringify(password);
}
