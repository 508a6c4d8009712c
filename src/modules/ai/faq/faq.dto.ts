import { IsOneOf, IsText, PageQuery } from '../../../platform/http/index.js';

export const MAX_QUESTION = 500;
export const MAX_ANSWER = 4_000;
export const MAX_TAGS = 20;
export const MAX_TAG = 50;

/** What a name in a path can be: something that is seen, and not `.` or `..`, which change on their way through proxies. */
export const NAME_PATTERN = {
  expression: /^(?!\.{1,2}$)(?=[\s\S]*\S)[\s\S]*$/u,
  message: 'must have a visible character, and not be . or ..',
};
const VISIBLE = { expression: /\S/u, message: 'must have a visible character' };

/** A new FAQ. */
export class CreateFaqDto {
  @IsText({
    min: 1,
    max: MAX_QUESTION,
    compose: true,
    pattern: NAME_PATTERN,
    description: 'What callers ask; it names the FAQ',
    example: '営業時間を教えてください',
  })
  question: string;

  @IsText({
    min: 1,
    max: MAX_ANSWER,
    pattern: VISIBLE,
    description: 'What they are told',
    example: '10時から20時までです。火曜日は休みです。',
  })
  answer: string;

  @IsText({
    min: 1,
    max: MAX_TAG,
    compose: true,
    pattern: VISIBLE,
    each: true,
    max_items: MAX_TAGS,
    optional: true,
    description: 'Words that it can be found by besides',
    example: ['営業日', '定休日'],
  })
  tags?: string[] | null;
}

/** What changes in a FAQ; a field that is left out stays. */
export class UpdateFaqDto {
  @IsText({
    min: 1,
    max: MAX_QUESTION,
    compose: true,
    pattern: NAME_PATTERN,
    optional: true,
    description: 'Another question, which names it from then on',
    example: '営業時間は何時から何時までですか',
  })
  question?: string | null;

  @IsText({
    min: 1,
    max: MAX_ANSWER,
    pattern: VISIBLE,
    optional: true,
    description: 'What callers are told',
    example: '9時から19時までです。',
  })
  answer?: string | null;

  @IsText({
    min: 1,
    max: MAX_TAG,
    compose: true,
    pattern: VISIBLE,
    each: true,
    max_items: MAX_TAGS,
    optional: true,
    description: 'In place of the tags before',
    example: ['営業日'],
  })
  tags?: string[] | null;
}

/** Which FAQs. */
export class FaqQuery extends PageQuery {
  @IsText({
    min: 1,
    max: 500,
    compose: true,
    optional: true,
    description: 'The ones nearest to this, best first, on one page; all by their question where nothing is given',
    example: '何時まで営業していますか',
  })
  q?: string;
}

/** What an import does with FAQs that are there already. */
export const EXISTING_FAQS = ['update', 'keep', 'refuse'] as const;
export type ExistingFaqs = (typeof EXISTING_FAQS)[number];

/** How a file of FAQs is taken. */
export class ImportFaqsQuery {
  @IsOneOf(EXISTING_FAQS, {
    optional: true,
    description:
      'FAQs whose question is there already: `update` them (where nothing is said), `keep` them as they are, or `refuse` the whole file',
  })
  existing?: ExistingFaqs;
}

export const FAQ_FORMATS = ['csv', 'json'] as const;

/** How FAQs are written into a file. */
export class ExportFaqsQuery {
  @IsOneOf(FAQ_FORMATS, { optional: true, description: 'How the file is written; `json` where `Accept` asks for JSON, else `csv`' })
  format?: (typeof FAQ_FORMATS)[number];
}
