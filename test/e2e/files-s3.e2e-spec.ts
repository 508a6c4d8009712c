import { startS3 } from '../support/s3.js';
import { describeFiles } from './files.suite.js';
import { describeUploads } from './uploads.suite.js';

describeFiles('a bucket of an S3 server', startS3);
describeUploads('a bucket of an S3 server', startS3);
