import { Page } from './page.entity.js';
import { PageVersion } from './page-version.entity.js';

export { PagesModule } from './pages.module.js';

/** The entity classes of this module. */
export const PAGES_ENTITIES = [Page, PageVersion];
