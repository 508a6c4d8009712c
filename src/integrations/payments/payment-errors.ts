import { AppError } from '../../platform/errors/index.js';

/** What callers are told where a variable is missing. */
export function notConfigured(variable: string): AppError {
  return new AppError('PAYMENT_NOT_CONFIGURED', { message: `Payments are not configured: ${variable} is not set` });
}
