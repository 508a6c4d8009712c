export { SERVER_EVENTS } from './asyncapi.js';
export { Documents } from './documents.js';
export { DocumentsModule } from './documents.module.js';
