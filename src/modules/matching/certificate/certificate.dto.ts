import { IsIdField, IsOneOf, IsText, PageQuery } from '../../../platform/http/index.js';
import { CERTIFICATE_STATUSES, type CertificateStatus } from './certificate.entity.js';

/** Papers to hand in: images, or PDF, that the caller has uploaded. */
export class SubmitCertificateDto {
  @IsIdField({ description: 'The file of a student card, or of a business card', example: '019ac1f0-b1c2-7d3e-8f40-0123456789ab' })
  type_card_file_id: string;

  @IsIdField({ description: 'The file of a driving licence or an insurance card', example: '019ac1f0-b1c3-7d3e-8f40-0123456789ab' })
  identity_card_file_id: string;
}

/** Why papers are rejected. */
export class RejectCertificateDto {
  @IsText({ min: 1, max: 1_000, description: 'The reason, for the user to read', example: '学生証の名前が読めません' })
  reason: string;
}

/** Which certificates. */
export class ListCertificatesQuery extends PageQuery {
  @IsOneOf(CERTIFICATE_STATUSES, { optional: true, description: 'In this status' })
  status?: CertificateStatus;
}
