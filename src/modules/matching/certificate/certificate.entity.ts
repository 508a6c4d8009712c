import { Column, Entity } from 'typeorm';
import { IdentifiedEntity } from '../../../platform/database/index.js';

export const CERTIFICATE_STATUSES = ['pending', 'approved', 'rejected'] as const;
export type CertificateStatus = (typeof CERTIFICATE_STATUSES)[number];

/** Papers by which somebody proves who they are. */
@Entity('certificates')
export class Certificate extends IdentifiedEntity {
  @Column('uuid')
  user_id: string;

  /** A student card or a business card; null once the image is gone. */
  @Column('uuid', { nullable: true })
  type_card_file_id: string | null;

  /** A driving licence or an insurance card; null once the image is gone. */
  @Column('uuid', { nullable: true })
  identity_card_file_id: string | null;

  @Column('text', { default: 'pending' })
  status: CertificateStatus;

  /** Why it was rejected. */
  @Column('text', { nullable: true })
  reason: string | null;

  /** What the profile said when the papers were handed in: they prove nothing else. */
  @Column('text', { nullable: true })
  user_type: string | null;

  @Column('uuid', { nullable: true })
  affiliation_id: string | null;

  @Column('uuid', { nullable: true })
  decided_by: string | null;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  decided_at: Date | null;
}
