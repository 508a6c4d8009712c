import { type Environment, readEnvironment } from './config.schema.js';

/** The environment of this process, checked; throws `ConfigurationError`. */
export function readProcessEnvironment(): Environment {
  return readEnvironment(process.env);
}
