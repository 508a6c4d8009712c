import { ApiKey } from './api-key.entity.js';
import { Invitation } from './invitation.entity.js';
import { Tenant } from './tenant.entity.js';

export * from './account-fields.js';
export { ApiKey } from './api-key.entity.js';
export { ApiKeyService, type VerifiedApiKey } from './api-key.service.js';
export { AuditService } from './audit.service.js';
export { Invitation } from './invitation.entity.js';
export type { Redeemable } from './invitation.repository.js';
export { InvitationService } from './invitation.service.js';
export { IsPhoneNumber } from './phone-field.js';
export { isPhoneRegion, phoneKey } from './phone-number.js';
export { TenancyModule } from './tenancy.module.js';
export { TenantDirectory, type TenantFacts } from './tenant-directory.js';
export * from './tenant.entity.js';
export { matchingSettings, type TenantMatching } from './tenant-matching.js';
export type { TenantCreating, TenantDeleted } from './tenant.events.js';
export { TenantGuard } from './tenant.guard.js';
export {
  type AssistantSettings,
  assistantSettings,
  type IntegrationSource,
  type OpenAiSettings,
  TenantIntegrations,
  type TwilioSettings,
} from './tenant-integrations.js';
export { TenantOrigins } from './tenant-origins.js';
export { type FirstOwner, TenantService } from './tenant.service.js';
export { USAGE_METRICS, type UsageMetric } from './usage.repository.js';
export { UsageService } from './usage.service.js';

/** The entity classes of this module. */
export const TENANCY_ENTITIES = [ApiKey, Invitation, Tenant];
