import { ApiProperty } from '@nestjs/swagger';
import { type Certificate, CERTIFICATE_STATUSES, type CertificateStatus } from './certificate.entity.js';

/** Papers by which somebody proves who they are. */
export class CertificateView {
  /**
   * Its id
   * @example '019ac1f0-b1c4-7d3e-8f40-0123456789ab'
   */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /**
   * Whose it is
   * @example '019ac1f0-7b1e-7c3a-9d5e-0123456789ab'
   */
  @ApiProperty({ format: 'uuid' })
  user_id: string;

  /**
   * The file of a student card, or of a business card; null once it is gone
   * @example '019ac1f0-b1c2-7d3e-8f40-0123456789ab'
   */
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  type_card_file_id: string | null;

  /**
   * The file of a driving licence or an insurance card; null once it is gone
   * @example '019ac1f0-b1c3-7d3e-8f40-0123456789ab'
   */
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  identity_card_file_id: string | null;

  /** What was decided */
  @ApiProperty({ enum: CERTIFICATE_STATUSES, enumName: 'CertificateStatus', example: 'pending' })
  status: CertificateStatus;

  /**
   * Why it was rejected
   * @example null
   */
  @ApiProperty({ type: String, nullable: true })
  reason: string | null;

  /**
   * When it was handed in
   * @example '2026-11-20T09:00:00.000Z'
   */
  @ApiProperty({ format: 'date-time' })
  created_at: string;

  /**
   * When it was decided
   * @example null
   */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  decided_at: string | null;
}

export function toCertificateView(certificate: Certificate): CertificateView {
  const { id, user_id, type_card_file_id, identity_card_file_id, status, reason, created_at, decided_at } = certificate;
  return {
    id,
    user_id,
    type_card_file_id,
    identity_card_file_id,
    status,
    reason,
    created_at: created_at.toISOString(),
    decided_at: decided_at?.toISOString() ?? null,
  };
}
