import type { ApiBodyOptions, ApiHeaderOptions } from '@nestjs/swagger';

const header = (name: string, description: string, example: string, required = true): ApiHeaderOptions => ({
  name,
  description,
  required,
  schema: { type: 'string', example },
});

/** Every request but OPTIONS says it. */
export const VERSION_HEADER = header('Tus-Resumable', 'The version of the protocol', '1.0.0');

/** What a new upload says of itself. */
export const NEW_UPLOAD: ApiHeaderOptions[] = [
  header('Upload-Length', 'How many bytes the file has', '1048576'),
  header(
    'Upload-Metadata',
    'Pairs of a key and a Base64 value, separated by commas: `filename`, and for API keys `user_id`',
    'filename 6KaL56mN5pu4LnBkZg==',
    false,
  ),
];

/** What a part says of itself. */
export const PART: ApiHeaderOptions[] = [header('Upload-Offset', 'Where it begins: what the upload has come to', '524288')];

/** Bytes of a file. */
export const BYTES: ApiBodyOptions = {
  description: 'Bytes, as they are',
  schema: { type: 'string', format: 'binary', example: '(bytes)' },
};

export const ASKED: Record<string, string> = {
  'Tus-Version': 'The versions of the protocol that are known',
  'Tus-Extension': 'Its extensions that are known',
  'Tus-Max-Size': 'The most bytes that a file may have',
};

export const CREATED: Record<string, string> = {
  Location: 'Where the bytes go',
  'Upload-Offset': 'How many came along',
  'Upload-Expires': 'Until when the upload is kept, if nothing more comes',
};

export const POSITION: Record<string, string> = {
  'Upload-Offset': 'How many bytes are there',
  'Upload-Length': 'How many there will be',
  'Upload-Metadata': 'As it was given',
  'Upload-Expires': 'Until when the upload is kept, if nothing more comes',
};
