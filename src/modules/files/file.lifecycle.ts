import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { EventBus } from '../../platform/events/index.js';
import { FileService } from './file.service.js';
import { TrashCollector } from './trash-collector.js';

/** What becomes of files when their people or their tenant go, and of what earlier processes left. */
@Injectable()
export class FileLifecycle implements OnApplicationBootstrap {
  constructor(
    events: EventBus,
    private readonly files: FileService,
    private readonly trash: TrashCollector,
  ) {
    events.during('user.deleting', ({ id }) => this.files.deleteAllOf(id));
    // The rows went with the tenant, and condemned their bytes.
    events.on('tenant.deleted', () => this.trash.wake());
  }

  onApplicationBootstrap(): void {
    this.trash.wake();
  }
}
