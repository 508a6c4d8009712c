import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { IsOptional, ValidateBy } from 'class-validator';
import { hasLength, isStorable } from '../../platform/http/index.js';
import { isCommonPassword } from './common-passwords.js';

const MIN_PASSWORD = 8;
const MAX_PASSWORD = 128;
const MAX_USERNAME = 64;

/** Controls, line separators, and the marks that turn the direction of text, by which one name can look like another. */
const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u;
/** At least one character that shows. */
const SHOWS = /[^\s\p{Cf}\p{Mn}]/u;

/** What is wrong with a username, or null: 1–64 characters, no `@` in any width, no controls, no white space at its ends. */
export function usernameFault(username: string): string | null {
  if (UNSEEN.test(username)) return 'must not contain control characters';
  if (!hasLength(username, 1, MAX_USERNAME) || !isStorable(username)) return `must be text of 1 to ${MAX_USERNAME} characters`;
  if (username.normalize('NFKC').includes('@')) return 'must not contain @';
  if (!SHOWS.test(username)) return 'must have a visible character';
  if (username !== username.trim()) return 'must not begin or end with white space';
  return null;
}

/** What is wrong with a new password, or null: 8–128 characters, and not one of those that everybody tries. */
export function passwordFault(password: string): string | null {
  if (!hasLength(password, MIN_PASSWORD, MAX_PASSWORD) || !isStorable(password)) {
    return `must be text of ${MIN_PASSWORD} to ${MAX_PASSWORD} characters`;
  }
  return isCommonPassword(password, MIN_PASSWORD) ? 'is too common' : null;
}

export interface AccountFieldOptions {
  optional?: boolean;
  description?: string;
}

/** A field that names a new account. */
export function IsUsername(options: AccountFieldOptions = {}): PropertyDecorator {
  const { optional = false, description = 'The name people call the user by: no `@`; unique in the tenant, whatever the case' } = options;
  return applyDecorators(
    ApiProperty({ type: String, minLength: 1, maxLength: MAX_USERNAME, required: !optional, description, example: 'tanaka' }),
    faultless('isUsername', usernameFault),
    ...(optional ? [IsOptional()] : []),
  );
}

/** A field that sets a password. */
export function IsNewPassword(options: AccountFieldOptions = {}): PropertyDecorator {
  const { optional = false, description = 'Common passwords are refused' } = options;
  return applyDecorators(
    ApiProperty({
      type: String,
      format: 'password',
      minLength: MIN_PASSWORD,
      maxLength: MAX_PASSWORD,
      required: !optional,
      description,
      example: 'correct-horse-7',
    }),
    faultless('isNewPassword', passwordFault),
    ...(optional ? [IsOptional()] : []),
  );
}

/** A rule whose words are the fault itself. */
function faultless(name: string, faultOf: (text: string) => string | null): PropertyDecorator {
  const fault = (value: unknown): string | null => (typeof value === 'string' ? faultOf(value) : 'must be text');
  return ValidateBy({
    name,
    validator: {
      validate: (value: unknown) => fault(value) === null,
      defaultMessage: (args) => fault(args?.value) ?? 'is not valid',
    },
  });
}
