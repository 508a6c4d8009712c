import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/index.js';
import { FilesModule } from '../files/index.js';
import { TenancyModule } from '../tenancy/index.js';
import { PageController } from './page.controller.js';
import { PageDeliveryController } from './page-delivery.controller.js';
import { PageDelivery } from './page-delivery.service.js';
import { PageEvents } from './page.events.js';
import { PageFiles } from './page-files.js';
import { PagePasswords } from './page-passwords.js';
import { PageRepository } from './page.repository.js';
import { PageService } from './page.service.js';
import { PageVersionRepository } from './page-version.repository.js';
import { DrawingProcess } from './thumbnail/drawing-process.js';
import { PageThumbnails } from './thumbnail/page-thumbnails.js';
import { ThumbnailRepository } from './thumbnail/thumbnail.repository.js';

/** Pages of HTML: writing, sharing, versions, delivery, thumbnails (contract, section 5). */
@Module({
  imports: [TenancyModule, AuthModule, FilesModule],
  controllers: [PageDeliveryController, PageController],
  providers: [
    DrawingProcess,
    PageDelivery,
    PageEvents,
    PageFiles,
    PagePasswords,
    PageRepository,
    PageService,
    PageThumbnails,
    PageVersionRepository,
    ThumbnailRepository,
  ],
})
export class PagesModule {}
