import { ApiProperty } from '@nestjs/swagger';

/** Who did something. */
export class AuditActorView {
  /** A person, an API key, the operator, or somebody without a credential */
  @ApiProperty({ enum: ['user', 'api_key', 'operator', 'anonymous'], example: 'user' })
  kind: string;

  /**
   * The person's or the key's id; null for somebody without a credential
   * @example '019ac1f0-7b1e-7c3a-9d5e-0123456789ab'
   */
  @ApiProperty({ type: String, nullable: true })
  id: string | null;
}

/** One entry of the audit log. */
export class AuditEntryView {
  /**
   * Its id; later entries have greater ones
   * @example '019ac1f0-8c2f-7d4b-8e6f-0123456789ab'
   */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /**
   * When it happened
   * @example '2026-11-20T09:00:00.000Z'
   */
  @ApiProperty({ format: 'date-time' })
  at: string;

  /** Who did it */
  actor: AuditActorView;

  /**
   * What was done
   * @example 'api_key.created'
   */
  action: string;

  /**
   * The kind of object that it was done to
   * @example 'api_key'
   */
  object_type: string;

  /**
   * Which object
   * @example '019ac1f0-8c2f-7d4b-8e6f-0123456789ab'
   */
  @ApiProperty({ type: String, nullable: true })
  object_id: string | null;

  /**
   * The address that the request came from
   * @example '203.0.113.7'
   */
  @ApiProperty({ type: String, nullable: true })
  address: string | null;

  /**
   * The request, as logs and errors name it
   * @example '0199a6f0-5d5c-7c3a-9b1e-0f4d7c2a9e10'
   */
  @ApiProperty({ type: String, nullable: true })
  request_id: string | null;

  /**
   * What else is known of it; never a secret
   * @example { "name": "phone desk" }
   */
  @ApiProperty({ type: 'object', additionalProperties: true })
  details: Record<string, unknown>;
}
