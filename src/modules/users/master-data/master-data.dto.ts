import { IsText, PageQuery } from '../../../platform/http/index.js';

const MOST_NAME = 200;

/** A university, company or department to make or to rename. */
export class MasterEntryDto {
  @IsText({
    min: 1,
    max: MOST_NAME,
    trim: true,
    description: 'The name; unique in the tenant, whatever the case and width',
    example: '会話大学',
  })
  name: string;
}

/** Which of them. */
export class ListMasterDataQuery extends PageQuery {
  @IsText({ min: 1, max: MOST_NAME, optional: true, description: 'Any part of the name', example: '会話' })
  q?: string;
}
