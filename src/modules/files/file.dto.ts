import { IsIdField, IsIntField, IsText, PageQuery } from '../../platform/http/index.js';
import { LARGEST_WIDTH, SMALLEST_WIDTH } from './image-width.js';

/** Whose files. */
export class ListFilesQuery extends PageQuery {
  @IsIdField({ optional: true, description: 'For API keys: whose files; all where none is named. A person may name only themselves' })
  user_id?: string;
}

/** How a file is asked for. */
export class ReadFileQuery {
  @IsIntField({
    min: SMALLEST_WIDTH,
    max: LARGEST_WIDTH,
    optional: true,
    description:
      'For images: a variant (WebP) that is about this wide, in pixels, and never wider than the image. Other files, and an image that cannot be ' +
      'scaled (damaged, beyond 32 MiB or 50 million pixels), are given as they are',
    example: 320,
  })
  w?: number;
}

/** How a file is asked for by a link. */
export class ReadLinkedFileQuery extends ReadFileQuery {
  @IsText({
    min: 1,
    max: 300,
    description: 'The signature, as `POST /files/{id}/link` gave it',
    example: 'tokyo-salon.1795435200.c2lnbmF0dXJl',
  })
  token: string;
}

/** For how long a link serves. */
export class CreateLinkDto {
  @IsIntField({
    min: 1,
    max: 604_800,
    default: 3_600,
    optional: true,
    description: 'In seconds, up to 7 days',
    example: 3_600,
  })
  expires_in?: number | null;
}
