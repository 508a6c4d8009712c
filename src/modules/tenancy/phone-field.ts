import { type FieldOptions, IsText } from '../../platform/http/index.js';

const MAX_PHONE = 40;
/** Whether a number can be dialled depends on the tenant's region; that it has digits does not. */
const DIGITS = { expression: /\p{Nd}.*\p{Nd}/su, message: 'is not a phone number' };

/** A phone number, however it is spelt. */
export function IsPhoneNumber(options: FieldOptions): PropertyDecorator {
  return IsText({ min: 1, max: MAX_PHONE, pattern: DIGITS, example: '09012345678', ...options });
}
