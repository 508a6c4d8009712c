import { StoredFile } from './stored-file.entity.js';

export { type AttachmentCheck, FileAccess, type Heir, type RegisterOptions, type WholeCheck } from './file-access.js';
export { type AttachedTo, FileAttachments, type AttachOptions, type FileKind } from './file-attachments.js';
export { type FileLink, FileLinks } from './file-links.js';
export { FileService } from './file.service.js';
export { FilesModule } from './files.module.js';
export { GrowingUploads } from './resumable/growing-uploads.js';
export { FileView, toFileView } from './file.view.js';
export { StoredFile } from './stored-file.entity.js';
export { TrashCollector } from './trash-collector.js';

/** The entity classes of this module. */
export const FILES_ENTITIES = [StoredFile];
