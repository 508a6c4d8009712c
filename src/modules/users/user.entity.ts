import { Column, Entity, UpdateDateColumn } from 'typeorm';
import { IdentifiedEntity } from '../../platform/database/index.js';
import type { Role } from '../../platform/scope/index.js';
import type { UserType } from './user-profile.js';

/** A person of a tenant. */
@Entity('users')
export class User extends IdentifiedEntity {
  /** As it was typed. */
  @Column('text')
  username: string;

  /** As it is compared: unique in the tenant. */
  @Column('text')
  username_key: string;

  @Column('text')
  email: string;

  @Column('text')
  email_key: string;

  /** True once the person has shown that the address is theirs. */
  @Column('boolean', { default: false })
  email_verified: boolean;

  /** Username, name and position as searches compare them. */
  @Column('text')
  search_key: string;

  /** argon2id in PHC string format; null for people who come with another issuer's token alone. */
  @Column('text', { nullable: true })
  password_hash: string | null;

  @Column('text', { default: 'member' })
  role: Role;

  /** Since when the account opens nothing; null where it does. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  disabled_at: Date | null;

  @Column('text', { nullable: true })
  oidc_issuer: string | null;

  @Column('text', { nullable: true })
  oidc_subject: string | null;

  @Column('text', { nullable: true })
  name: string | null;

  /** `YYYY-MM-DD`. */
  @Column('date', { nullable: true })
  date_of_birth: string | null;

  /** As it was given. */
  @Column('text', { nullable: true })
  phone_number: string | null;

  @Column('text', { nullable: true })
  position: string | null;

  /** What they are in matchings. */
  @Column('text', { nullable: true })
  type: UserType | null;

  /** A student's. */
  @Column('uuid', { nullable: true })
  university_id: string | null;

  /** A company user's. */
  @Column('uuid', { nullable: true })
  company_id: string | null;

  @Column('uuid', { nullable: true })
  job_id: string | null;

  @Column('uuid', { nullable: true })
  department_id: string | null;

  /** The papers that were handed in last. */
  @Column('uuid', { nullable: true })
  certificate_id: string | null;

  /** True once the papers that prove who they are were approved. */
  @Column('boolean', { default: false })
  is_authenticated: boolean;

  /** How many notifications wait unread. */
  @Column('integer', { default: 0 })
  notifications: number;

  @UpdateDateColumn({ type: 'timestamptz', precision: 3 })
  updated_at: Date;
}
