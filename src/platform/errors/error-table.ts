/** One row of the error table: its status and the message that callers read. */
export interface ErrorRow {
  readonly status: number;
  readonly message: string;
}

/**
 * Every error that this server answers, by its code: REST, sockets, streams and jobs use this one table,
 * and OpenAPI lists it. Messages that a source document gives are theirs to the letter.
 */
export const ERROR_TABLE = {
  // 400
  VALIDATION_FAILED: { status: 400, message: 'Some fields are not valid' },
  MALFORMED_JSON: { status: 400, message: 'The body is not well-formed JSON' },
  INVALID_CURSOR: { status: 400, message: 'The cursor is not valid' },
  INVALID_NAME: { status: 400, message: 'The name in the path is not valid' },
  INVALID_PATH: { status: 400, message: 'The path is not valid' },
  INVALID_TOKEN: { status: 400, message: 'The token is not valid or has expired' },
  INVALID_IDEMPOTENCY_KEY: { status: 400, message: 'Idempotency-Key takes 1 to 255 visible ASCII characters' },
  IDEMPOTENCY_NOT_SUPPORTED: { status: 400, message: 'Idempotency-Key is not taken by this route' },
  UNKNOWN_EVENT: { status: 400, message: 'Unknown event' },
  UNKNOWN_FILE: { status: 400, message: 'A file does not exist' },
  // 401
  UNAUTHORIZED: { status: 401, message: 'Unauthorized' },
  INVALID_CREDENTIALS: { status: 401, message: 'Email or password is incorrect' },
  INVALID_REFRESH_TOKEN: { status: 401, message: 'The refresh token is not valid' },
  // 403
  FORBIDDEN: { status: 403, message: 'Do not have permission' },
  INCORRECT_PASSWORD: { status: 403, message: 'Incorrect password' },
  ORIGIN_NOT_ALLOWED: { status: 403, message: 'This origin may not use the cookie' },
  CLIENT_MISMATCH: { status: 403, message: 'x-client-id is not the tenant of the credential' },
  REGISTRATION_CLOSED: { status: 403, message: 'Registration is closed' },
  INVITATION_REQUIRED: { status: 403, message: 'Registration needs an invitation' },
  INVITATION_INVALID: { status: 403, message: 'The invitation is not valid for this email, was used or has expired' },
  ACCOUNT_DISABLED: { status: 403, message: 'The account is disabled' },
  SCOPE_MISSING: { status: 403, message: 'The API key does not have the scope' },
  NOT_YOURSELF: { status: 403, message: 'This field must name yourself' },
  // 404
  NOT_FOUND: { status: 404, message: 'Not found' },
  UNKNOWN_CLIENT: { status: 404, message: 'Unknown client' },
  USER_NOT_FOUND: { status: 404, message: 'User not found' },
  ROOM_NOT_FOUND: { status: 404, message: 'Room not found' },
  FILE_NOT_FOUND: { status: 404, message: 'File not found' },
  UPLOAD_NOT_FOUND: { status: 404, message: 'Upload not found' },
  MESSAGE_NOT_FOUND: { status: 404, message: 'Message not found' },
  MEMBER_NOT_FOUND: { status: 404, message: 'Member not found' },
  API_KEY_NOT_FOUND: { status: 404, message: 'API key not found' },
  INVITATION_NOT_FOUND: { status: 404, message: 'Invitation not found' },
  PAGE_NOT_FOUND: { status: 404, message: 'Page not found' },
  PAGE_NOT_EDITABLE: { status: 404, message: 'Page not found or Do not have permission' },
  VERSION_NOT_FOUND: { status: 404, message: 'Version not found' },
  TENANT_NOT_FOUND: { status: 404, message: 'Unknown client' },
  // 405, 406
  METHOD_NOT_ALLOWED: { status: 405, message: 'Method not allowed' },
  // 409
  USERNAME_TAKEN: { status: 409, message: 'Username already registered' },
  EMAIL_TAKEN: { status: 409, message: 'Email already registered' },
  CLIENT_ID_TAKEN: { status: 409, message: 'client_id already taken' },
  DOMAIN_TAKEN: { status: 409, message: 'A domain belongs to another tenant' },
  PHONE_NUMBER_TAKEN: { status: 409, message: 'A phone number belongs to another tenant' },
  DEFAULT_TENANT: { status: 409, message: 'The default tenant cannot be deleted' },
  ROOM_ID_TAKEN: { status: 409, message: 'Room id already taken' },
  LAST_OWNER: { status: 409, message: 'The last owner can neither leave nor be demoted' },
  ROOM_NOT_DELETABLE: { status: 409, message: 'This room cannot be deleted' },
  MESSAGE_DELETED: { status: 409, message: 'The message was deleted' },
  UPLOAD_OFFSET: { status: 409, message: 'The upload has come to another place; ask how far by HEAD' },
  IDEMPOTENCY_IN_PROGRESS: { status: 409, message: 'A request with this Idempotency-Key is still running' },
  CONFLICT: { status: 409, message: 'The change conflicts with another one; try again' },
  // 412, 413, 415, 416, 422, 429
  TUS_VERSION: { status: 412, message: 'Tus-Resumable must be 1.0.0' },
  PAGE_CHANGED: { status: 412, message: 'The page has changed since it was read' },
  PAYLOAD_TOO_LARGE: { status: 413, message: 'The body is too large' },
  FILE_TOO_LARGE: { status: 413, message: 'The file is too large' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, message: 'The body must be application/json' },
  FILE_TYPE_NOT_TAKEN: { status: 415, message: 'Files of this type are not taken' },
  RANGE_NOT_SATISFIABLE: { status: 416, message: 'The range begins beyond the end of the file' },
  IDEMPOTENCY_KEY_REUSED: { status: 422, message: 'This Idempotency-Key was used with another body' },
  RATE_LIMITED: { status: 429, message: 'Too many requests' },
  // 5xx
  INTERNAL_ERROR: { status: 500, message: 'Internal server error' },
  OVERLOADED: { status: 503, message: 'The server is busy; try again soon' },
  DATABASE_UNAVAILABLE: { status: 503, message: 'The database does not answer; try again soon' },
  ISSUER_UNAVAILABLE: { status: 503, message: 'The identity provider does not answer; try again soon' },
  STORAGE_UNAVAILABLE: { status: 503, message: 'The storage does not answer; try again soon' },
  SHUTTING_DOWN: { status: 503, message: 'The server is shutting down' },
  QUOTA_EXCEEDED: { status: 507, message: "The tenant's storage is full" },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERROR_TABLE;
