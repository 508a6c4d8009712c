import { ApiProperty } from '@nestjs/swagger';
import { type Role, ROLES } from '../../platform/scope/index.js';
import type { Invitation } from './invitation.entity.js';

/** An invitation, without its token. */
export class InvitationView {
  /**
   * Its id
   * @example '019ac1f0-8c2f-7d4b-8e6f-0123456789ab'
   */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /**
   * Who is invited
   * @example 'hanako@example.com'
   */
  email: string;

  /** What they become */
  @ApiProperty({ enum: ROLES, enumName: 'Role', example: 'member' })
  role: Role;

  /**
   * When it ends
   * @example '2026-11-27T09:00:00.000Z'
   */
  @ApiProperty({ format: 'date-time' })
  expires_at: string;

  /**
   * When they registered by it; null until then
   * @example null
   */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  used_at: string | null;

  /**
   * Who invited
   * @example '019ac1f0-7b1e-7c3a-9d5e-0123456789ab'
   */
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  created_by: string | null;

  /**
   * When it was made
   * @example '2026-11-20T09:00:00.000Z'
   */
  @ApiProperty({ format: 'date-time' })
  created_at: string;
}

/** A new invitation, with its token: shown this once. */
export class NewInvitationView extends InvitationView {
  /**
   * What `POST /register` takes as `invitation`; good once, within 7 days, for that email address
   * @example 'mZ4tYcJ0o1x2Qk3R5u6V7w8X9y0Z1a2B3c4D5e6F7g8'
   */
  token: string;
}

export function toInvitationView(invitation: Invitation): InvitationView {
  const { id, email, role, expires_at, used_at, created_by, created_at } = invitation;
  return {
    id,
    email,
    role,
    expires_at: expires_at.toISOString(),
    used_at: used_at?.toISOString() ?? null,
    created_by,
    created_at: created_at.toISOString(),
  };
}
