import 'reflect-metadata';
import { ConfigurationError, readProcessEnvironment } from '../config/index.js';
import { makeMigrationDataSource } from './data-source.factory.js';

/*
 * For the typeorm command line alone:
 * `typeorm migration:run -d dist/src/platform/database/data-source.js`. The server migrates by itself at start.
 */

const { DATABASE_MIGRATION_URL, DATABASE_URL } = readProcessEnvironment();
const url = DATABASE_MIGRATION_URL ?? DATABASE_URL;
if (!url) throw new ConfigurationError(['DATABASE_URL: is required; the embedded database migrates by itself when the server starts']);

export default makeMigrationDataSource(url);
