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
import { StorageAccountRepository } from './storage-account.repository.js';
import { TrashCollector } from './trash-collector.js';

/** Files in the storage: who owns them, who may read them, how they come and go (contract, section 6). */
@Module({
  imports: [TenancyModule, UsersModule, StorageModule],
  controllers: [FileController],
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
    ImageVariants,
    StorageAccountRepository,
    TrashCollector,
  ],
  exports: [FileAccess, FileAttachments, FileLinks, FileService, TrashCollector],
})
export class FilesModule {}
