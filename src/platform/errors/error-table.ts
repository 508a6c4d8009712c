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
  SPEAKER_NOT_COMPANY: { status: 400, message: 'speaker must be a company user' },
  LISTENER_NOT_STUDENT: { status: 400, message: 'listener must be a student user' },
  PAYMENT_SIGNATURE_INVALID: { status: 400, message: "The payment provider's signature is not valid or too old" },
  PAYMENT_MISMATCH: { status: 400, message: 'The payment is not what was asked for' },
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
  IDENTITY_NOT_VERIFIED: { status: 403, message: 'Identity not verified' },
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
  UNIVERSITY_NOT_FOUND: { status: 404, message: 'University not found' },
  COMPANY_NOT_FOUND: { status: 404, message: 'Company not found' },
  DEPARTMENT_NOT_FOUND: { status: 404, message: 'Department not found' },
  MATCHING_NOT_FOUND: { status: 404, message: 'Matching not found' },
  CERTIFICATE_NOT_FOUND: { status: 404, message: 'Certificate not found' },
  INVITATION_NOT_FOUND: { status: 404, message: 'Invitation not found' },
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
  NAME_TAKEN: { status: 409, message: 'Name already taken' },
  ENTRY_IN_USE: { status: 409, message: 'The entry is in use' },
  TYPE_HELD: { status: 409, message: 'The type cannot change while a matching is booked' },
  CERTIFICATE_PENDING: { status: 409, message: 'A certificate waits for its decision already' },
  CERTIFICATE_DECIDED: { status: 409, message: 'The certificate was decided already' },
  CERTIFICATE_OUTDATED: { status: 409, message: 'The profile is not what the certificate was handed in for' },
  SPEAKER_NOT_AVAILABLE: { status: 409, message: 'Speaker is not available' },
  LISTENER_NOT_AVAILABLE: { status: 409, message: 'Listener is not available' },
  MATCHING_OVER: { status: 409, message: 'The matching is not booked any more' },
  CUTOFF_PASSED: { status: 409, message: 'It is too late to change the matching' },
  PRICE_NOT_SET: { status: 409, message: 'The tenant has set no price for matchings' },
  IDEMPOTENCY_IN_PROGRESS: { status: 409, message: 'A request with this Idempotency-Key is still running' },
  CONFLICT: { status: 409, message: 'The change conflicts with another one; try again' },
  // 412, 413, 415, 416, 422, 429
  TUS_VERSION: { status: 412, message: 'Tus-Resumable must be 1.0.0' },
  PAYLOAD_TOO_LARGE: { status: 413, message: 'The body is too large' },
  FILE_TOO_LARGE: { status: 413, message: 'The file is too large' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, message: 'The body must be application/json' },
  FILE_TYPE_NOT_TAKEN: { status: 415, message: 'Files of this type are not taken' },
  RANGE_NOT_SATISFIABLE: { status: 416, message: 'The range begins beyond the end of the file' },
  IDEMPOTENCY_KEY_REUSED: { status: 422, message: 'This Idempotency-Key was used with another body' },
  RATE_LIMITED: { status: 429, message: 'Too many requests' },
  // 5xx
  INTERNAL_ERROR: { status: 500, message: 'Internal server error' },
  PAYMENT_FAILED: { status: 502, message: 'The payment provider refused' },
  PAYMENT_NOT_CONFIGURED: { status: 503, message: 'Payments are not configured' },
  PAYMENT_UNAVAILABLE: { status: 503, message: 'The payment provider does not answer; try again soon' },
  PAYMENT_TIMEOUT: { status: 504, message: 'The payment provider took too long; try again soon' },
  OVERLOADED: { status: 503, message: 'The server is busy; try again soon' },
  DATABASE_UNAVAILABLE: { status: 503, message: 'The database does not answer; try again soon' },
  ISSUER_UNAVAILABLE: { status: 503, message: 'The identity provider does not answer; try again soon' },
  STORAGE_UNAVAILABLE: { status: 503, message: 'The storage does not answer; try again soon' },
  SHUTTING_DOWN: { status: 503, message: 'The server is shutting down' },
  QUOTA_EXCEEDED: { status: 507, message: "The tenant's storage is full" },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERROR_TABLE;
