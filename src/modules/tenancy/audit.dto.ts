import { IsIdField, IsText, IsTimestamp, PageQuery } from '../../platform/http/index.js';

/** Which entries of the audit log. */
export class AuditLogQuery extends PageQuery {
  @IsTimestamp({ optional: true, description: 'Not before this time' })
  from?: string;

  @IsTimestamp({ optional: true, description: 'Before this time' })
  to?: string;

  @IsText({ min: 1, max: 100, optional: true, description: 'What was done', example: 'api_key.created' })
  action?: string;

  @IsIdField({ optional: true, description: 'Who did it' })
  actor_id?: string;
}
