import { Body, Controller, Delete, Get, Post, Put, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Page } from '../../platform/database/index.js';
import { Access, Answers, BodyLimit, CurrentActor, IdParam, type KaiwaResponse, PageQuery } from '../../platform/http/index.js';
import type { Actor } from '../../platform/scope/index.js';
import { MessageAnswerView } from '../users/index.js';
import { CreatePageDto, MAX_BODY_BYTES, UpdatePageDto } from './page.dto.js';
import { IfMatch, VersionParam } from './page-params.decorator.js';
import { PageService, type TaggedPage } from './page.service.js';
import { PageSummaryView, PageVersionSummaryView, PageVersionView, PageView } from './page.view.js';

const ETAG = { ETag: 'Names the state of content and settings; for `If-Match`' };
const LINK = { Link: 'The next page, where there is one' };

@Controller('pages')
@ApiTags('Pages')
export class PageController {
  constructor(private readonly pages: PageService) {}

  /** List the pages that the caller has made or co-edits, newest first. An API key sees all of the tenant's. */
  @Get()
  @Access('member', { scope: 'pages' })
  @Answers(200, [PageSummaryView], { refuses: ['INVALID_CURSOR'], headers: LINK })
  listPages(@CurrentActor() actor: Actor, @Query() query: PageQuery): Promise<Page<PageSummaryView>> {
    return this.pages.list(actor, query);
  }

  /**
   * Make a page. Its content is HTML of at most 2 MiB; `access_type` 1 needs a password. URLs `/files/{id}` of files that the caller may
   * give are attached by standing in the content: who may see the page may read them.
   */
  @Post()
  @Access('member', { scope: 'pages' })
  @BodyLimit(MAX_BODY_BYTES)
  @Answers(200, PageView, { refuses: ['USER_NOT_FOUND', 'NOT_YOURSELF'], headers: ETAG })
  async createPage(
    @CurrentActor() actor: Actor,
    @Body() body: CreatePageDto,
    @Res({ passthrough: true }) response: KaiwaResponse,
  ): Promise<PageView> {
    return tagged(await this.pages.create(actor, body), response);
  }

  /** Show a page as its creator and co-editors see it. */
  @Get(':id')
  @Access('member', { scope: 'pages' })
  @Answers(200, PageView, { refuses: ['PAGE_NOT_FOUND', 'FORBIDDEN'], headers: ETAG })
  async getPage(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'PAGE_NOT_FOUND') id: string,
    @Res({ passthrough: true }) response: KaiwaResponse,
  ): Promise<PageView> {
    return tagged(await this.pages.get(actor, id), response);
  }

  /**
   * Change a page. By its creator and co-editors. What is left out stays, and each change keeps a version: the newest 100 can be looked at
   * and restored.
   */
  @Put(':id')
  @Access('member', { scope: 'pages' })
  @BodyLimit(MAX_BODY_BYTES)
  @Answers(200, MessageAnswerView, { refuses: ['PAGE_NOT_EDITABLE', 'PAGE_CHANGED'], headers: ETAG, example: { message: 'Page updated' } })
  async updatePage(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'PAGE_NOT_EDITABLE', 'The id of a page') id: string,
    @IfMatch() if_match: string | undefined,
    @Body() body: UpdatePageDto,
    @Res({ passthrough: true }) response: KaiwaResponse,
  ): Promise<MessageAnswerView> {
    response.setHeader('ETag', await this.pages.update(actor, id, body, if_match));
    return { message: 'Page updated' };
  }

  /** Delete a page with its versions. By its creator alone. */
  @Delete(':id')
  @Access('member', { scope: 'pages' })
  @Answers(200, MessageAnswerView, { refuses: ['PAGE_NOT_EDITABLE', 'PAGE_CHANGED'], example: { message: 'Page deleted' } })
  async deletePage(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'PAGE_NOT_EDITABLE', 'The id of a page') id: string,
    @IfMatch() if_match: string | undefined,
  ): Promise<MessageAnswerView> {
    await this.pages.remove(actor, id, if_match);
    return { message: 'Page deleted' };
  }

  /** List a page's versions, newest first. The first one is the newest state. */
  @Get(':id/versions')
  @Access('member', { scope: 'pages' })
  @Answers(200, [PageVersionSummaryView], { refuses: ['PAGE_NOT_FOUND', 'FORBIDDEN', 'INVALID_CURSOR'], headers: LINK })
  listPageVersions(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'PAGE_NOT_FOUND') id: string,
    @Query() query: PageQuery,
  ): Promise<Page<PageVersionSummaryView>> {
    return this.pages.listVersions(actor, id, query);
  }

  /** Show what a page said in one of its versions. */
  @Get(':id/versions/:version')
  @Access('member', { scope: 'pages' })
  @Answers(200, PageVersionView, { refuses: ['PAGE_NOT_FOUND', 'VERSION_NOT_FOUND', 'FORBIDDEN'] })
  getPageVersion(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'PAGE_NOT_FOUND') id: string,
    @VersionParam() version: number,
  ): Promise<PageVersionView> {
    return this.pages.getVersion(actor, id, version);
  }

  /**
   * Bring a version of a page back, as its newest one. Title and content come back; who may see the page stays as it is. Answers the page.
   */
  @Post(':id/versions/:version/restore')
  @Access('member', { scope: 'pages' })
  @Answers(200, PageView, { refuses: ['PAGE_NOT_EDITABLE', 'VERSION_NOT_FOUND', 'PAGE_CHANGED'], headers: ETAG })
  async restorePageVersion(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'PAGE_NOT_EDITABLE', 'The id of a page') id: string,
    @VersionParam() version: number,
    @IfMatch() if_match: string | undefined,
    @Res({ passthrough: true }) response: KaiwaResponse,
  ): Promise<PageView> {
    return tagged(await this.pages.restore(actor, id, version, if_match), response);
  }
}

function tagged({ page, tag }: TaggedPage, response: KaiwaResponse): PageView {
  response.setHeader('ETag', tag);
  return page;
}
