import type { ApiBodyOptions } from '@nestjs/swagger';

/** The form that a file is uploaded in. */
export const FILE_FORM: ApiBodyOptions = {
  description: 'One file, and for API keys whose it is to be',
  schema: {
    type: 'object',
    required: ['file'],
    additionalProperties: false,
    properties: {
      file: { type: 'string', format: 'binary', description: 'The file', example: '(bytes)' },
      user_id: {
        type: 'string',
        format: 'uuid',
        description: 'For API keys: the user that the file is to belong to. A person may name only themselves',
        example: '0199a6f0-5d5c-7c3a-9b1e-0f4d7c2a9e10',
      },
    },
  },
};

/** A file's bytes. */
export const FILE_BYTES = { type: 'string', format: 'binary', example: '(bytes)' };

/** What an answer with a file says of it. */
export const FILE_HEADERS: Record<string, string> = {
  ETag: 'Names these very bytes; send it as `If-None-Match` to be answered 304 while they are the same',
  'Accept-Ranges': 'Always `bytes`',
  'Content-Range': 'On 206 and 416: which bytes, and of how many',
  'Content-Disposition': "The file's name, and whether a browser may show it (`inline`) or saves it (`attachment`)",
};
