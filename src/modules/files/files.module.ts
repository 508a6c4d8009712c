import { Module } from '@nestjs/common';
import { StorageModule } from '../../integrations/storage/index.js';
import { TenancyModule } from '../tenancy/index.js';
import { UsersModule } from '../users/index.js';
import { FileAccess } from './file-access.js';
import { FileAttachmentRepository } from './file-attachment.repository.js';
import { FileAttachments } from './file-attachments.js';
import { FileController } from './file.controller.js';
import { FileDelivery } from './file-delivery.js';
import { FileIntake } from './file-intake.js';
import { FileLifecycle } from './file.lifecycle.js';
import { FileLinks } from './file-links.js';
import { FileRepository } from './file.repository.js';
import { FileService } from './file.service.js';
import { ImageVariants } from './image-variants.js';
import { GrowingUploads } from './resumable/growing-uploads.js';
import { ResumableController } from './resumable/resumable.controller.js';
import { ResumableService } from './resumable/resumable.service.js';
import { UploadLocker } from './resumable/upload-locker.js';
import { UploadRepository } from './resumable/upload.repository.js';
import { StorageAccountRepository } from './storage-account.repository.js';
import { TrashCollector } from './trash-collector.js';

/** Files in the storage: who owns them, who may read them, how they come and go (contract, section 6). */
@Module({
  imports: [TenancyModule, UsersModule, StorageModule],
  controllers: [FileController, ResumableController],
  providers: [
    FileAccess,
    FileAttachmentRepository,
    FileAttachments,
    FileDelivery,
    FileIntake,
    FileLifecycle,
    FileLinks,
    FileRepository,
    FileService,
    GrowingUploads,
    ImageVariants,
    ResumableService,
    UploadLocker,
    UploadRepository,
    StorageAccountRepository,
    TrashCollector,
  ],
  exports: [GrowingUploads, FileAccess, FileAttachments, FileLinks, FileService, TrashCollector],
})
export class FilesModule {}
