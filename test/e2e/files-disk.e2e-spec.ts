import { makeFolder } from '../support/folder.js';
import { describeFiles } from './files.suite.js';
import { describeUploads } from './uploads.suite.js';

describeFiles('a folder', makeFolder);
describeUploads('a folder', makeFolder);
