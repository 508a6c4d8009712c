/** The SQLSTATE of a database error, whether it came through TypeORM or past it; an empty string for any other error. */
export function sqlState(error: unknown): string {
  const code = databaseError(error).code;
  return typeof code === 'string' ? code : '';
}

/** True where a row was refused because another has its key; of the constraint or unique index named, if one is named. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  return sqlState(error) === '23505' && (constraint === undefined || databaseError(error).constraint === constraint);
}

/** True where a row was refused because it refers to one that is not there, or is referred to. */
export function isForeignKeyViolation(error: unknown, constraint?: string): boolean {
  return sqlState(error) === '23503' && (constraint === undefined || databaseError(error).constraint === constraint);
}

/** True where a row was refused because another one excludes it. */
export function isExclusionViolation(error: unknown, constraint?: string): boolean {
  return sqlState(error) === '23P01' && (constraint === undefined || databaseError(error).constraint === constraint);
}

function databaseError(error: unknown): { code?: unknown; constraint?: unknown } {
  if (typeof error !== 'object' || error === null) return {};
  const { driverError } = error as { driverError?: unknown };
  return typeof driverError === 'object' && driverError !== null ? driverError : error;
}

/** What was thrown, as an error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
