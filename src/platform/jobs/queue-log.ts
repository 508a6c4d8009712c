import type { LogFunctionFactory } from 'graphile-worker';
import type { Logger } from '../http/index.js';

/**
 * The queue library's lines in our log. Its fields are left out, as whole jobs with their payloads are among them; so are its lines
 * on each job's end, which we write ourselves, and its advice on the number of connections.
 */
export function queueLog(logger: Logger, isStopping: () => boolean): LogFunctionFactory {
  return () => (level, message, fields) => {
    if (fields && ('success' in fields || 'failure' in fields || 'concurrency' in fields)) return;
    const line = `job queue: ${message.slice(0, 1_000)}`;
    // While it is stopped it reports what it is told to do as errors.
    if (level === 'error' && !isStopping()) logger.error({}, line);
    else if (level === 'warning' && !isStopping()) logger.warn({}, line);
    else logger.debug({}, line);
  };
}
