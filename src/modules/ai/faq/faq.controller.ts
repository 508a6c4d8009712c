import { Body, Controller, Delete, Get, Post, Put, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Page } from '../../../platform/database/index.js';
import { Access, Answers, CurrentActor, TextParam } from '../../../platform/http/index.js';
import type { Actor } from '../../../platform/scope/index.js';
import { MessageAnswerView } from '../../users/index.js';
import { CreateFaqDto, FaqQuery, MAX_QUESTION, UpdateFaqDto } from './faq.dto.js';
import { FaqService } from './faq.service.js';
import { FaqView } from './faq.view.js';

const FAQ_PARAM = {
  max: MAX_QUESTION,
  compose: true,
  description: 'The question that names the FAQ, percent-encoded',
  example: '営業時間を教えてください',
};

@ApiTags('FAQ')
@Controller()
export class FaqController {
  constructor(private readonly faqs: FaqService) {}

  /** List the FAQs by their question, or those nearest to a text, best first. */
  @Get('faqs')
  @Access('member', { scope: 'phone' })
  @Answers(200, [FaqView], { refuses: ['INVALID_CURSOR'] })
  listFaqs(@CurrentActor() actor: Actor, @Query() query: FaqQuery): Promise<Page<FaqView>> {
    return this.faqs.list(actor, query);
  }

  /** Make a FAQ. The assistant knows it from then on. A tenant has 20,000 at most. */
  @Post('faq')
  @Access('staff', { scope: 'phone' })
  @Answers(201, FaqView, { refuses: ['FAQ_EXISTS', 'TOO_MANY_FAQS'] })
  createFaq(@CurrentActor() actor: Actor, @Body() body: CreateFaqDto): Promise<FaqView> {
    return this.faqs.create(actor, body);
  }

  /** Show a FAQ. */
  @Get('faq/:question')
  @Access('member', { scope: 'phone' })
  @Answers(200, FaqView, { refuses: ['FAQ_NOT_FOUND'] })
  getFaq(@CurrentActor() actor: Actor, @TextParam('question', 'FAQ_NOT_FOUND', FAQ_PARAM) question: string): Promise<FaqView> {
    return this.faqs.get(actor, question);
  }

  /** Change a FAQ. A field that is left out stays. */
  @Put('faq/:question')
  @Access('staff', { scope: 'phone' })
  @Answers(200, FaqView, { refuses: ['FAQ_NOT_FOUND', 'FAQ_EXISTS'] })
  updateFaq(
    @CurrentActor() actor: Actor,
    @TextParam('question', 'FAQ_NOT_FOUND', FAQ_PARAM) question: string,
    @Body() body: UpdateFaqDto,
  ): Promise<FaqView> {
    return this.faqs.update(actor, question, body);
  }

  /** Delete a FAQ. */
  @Delete('faq/:question')
  @Access('staff', { scope: 'phone' })
  @Answers(200, MessageAnswerView, { refuses: ['FAQ_NOT_FOUND'], example: { message: 'FAQ deleted' } })
  async deleteFaq(
    @CurrentActor() actor: Actor,
    @TextParam('question', 'FAQ_NOT_FOUND', FAQ_PARAM) question: string,
  ): Promise<MessageAnswerView> {
    await this.faqs.remove(actor, question);
    return { message: 'FAQ deleted' };
  }
}
