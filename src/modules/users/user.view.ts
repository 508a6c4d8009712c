import { ApiProperty } from '@nestjs/swagger';
import { type Role, ROLES } from '../../platform/scope/index.js';
import type { User } from './user.entity.js';
import { USER_TYPES, type UserType } from './user-profile.js';

/** What everybody in the tenant may know of a user. */
export class PublicUserView {
  /**
   * The user's id
   * @example '019ac1f0-7b1e-7c3a-9d5e-0123456789ab'
   */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /**
   * The username
   * @example 'tanaka'
   */
  username: string;

  /**
   * The name in everyday life
   * @example '田中 太郎'
   */
  @ApiProperty({ type: String, nullable: true })
  name: string | null;

  /** What the user is in matchings: `student` listens, `company` speaks; null for neither */
  @ApiProperty({ type: String, enum: USER_TYPES, nullable: true, example: 'company' })
  type: UserType | null;

  /**
   * A student's university
   * @example null
   */
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  university_id: string | null;

  /**
   * A company user's company
   * @example '019ac1f0-7b1e-7c3a-9d5e-0123456789ac'
   */
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  company_id: string | null;

  /**
   * The kind of work
   * @example '019ac000-0000-7000-8000-000000000001'
   */
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  job_id: string | null;

  /**
   * The department
   * @example null
   */
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  department_id: string | null;

  /**
   * The position at work
   * @example '課長'
   */
  @ApiProperty({ type: String, nullable: true })
  position: string | null;

  /**
   * Whether the papers that prove who they are were approved
   * @example false
   */
  is_authenticated: boolean;
}

/** Everything about a user: for the user, and for admins. */
export class UserView extends PublicUserView {
  /**
   * The email address
   * @example 'tanaka@example.com'
   */
  email: string;

  /** What the user is in the tenant */
  @ApiProperty({ enum: ROLES, enumName: 'Role', example: 'member' })
  role: Role;

  /**
   * The day of birth
   * @example '2001-04-01'
   */
  @ApiProperty({ type: String, format: 'date', nullable: true })
  date_of_birth: string | null;

  /**
   * The phone number, as it was given
   * @example '090-1234-5678'
   */
  @ApiProperty({ type: String, nullable: true })
  phone_number: string | null;

  /**
   * The papers that were handed in last, to prove who they are
   * @example null
   */
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  certificate_id: string | null;

  /**
   * How many notifications wait unread
   * @example 0
   */
  @ApiProperty({ type: 'integer', minimum: 0 })
  notifications: number;

  /**
   * Whether the account is shut
   * @example false
   */
  disabled: boolean;

  /**
   * When the user registered
   * @example '2026-11-20T09:00:00.000Z'
   */
  @ApiProperty({ format: 'date-time' })
  created_at: string;
}

/** The id of a user who has just registered. */
export class RegisteredView {
  /**
   * The user's id
   * @example '019ac1f0-7b1e-7c3a-9d5e-0123456789ab'
   */
  @ApiProperty({ format: 'uuid' })
  id: string;
}

/** Who a user is. */
export class UserInfoView extends RegisteredView {
  /**
   * The username
   * @example 'tanaka'
   */
  username: string;

  /**
   * The email address
   * @example 'tanaka@example.com'
   */
  email: string;
}

/** What was done, in words. */
export class MessageAnswerView {
  /**
   * The words
   * @example 'User deleted'
   */
  message: string;
}

export function toPublicUserView(user: User): PublicUserView {
  const { id, username, name, type, university_id, company_id, job_id, department_id, position, is_authenticated } = user;
  return { id, username, name, type, university_id, company_id, job_id, department_id, position, is_authenticated };
}

export function toUserView(user: User): UserView {
  const { email, role, date_of_birth, phone_number, certificate_id, notifications } = user;
  return {
    ...toPublicUserView(user),
    email,
    role,
    date_of_birth,
    phone_number,
    certificate_id,
    notifications,
    disabled: user.disabled_at !== null,
    created_at: user.created_at.toISOString(),
  };
}

export function toUserInfoView({ id, username, email }: User): UserInfoView {
  return { id, username, email };
}
