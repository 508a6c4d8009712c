import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Page } from '../../../platform/database/index.js';
import { Access, Answers, CurrentActor, CurrentUser, IdParam } from '../../../platform/http/index.js';
import type { Actor, UserActor } from '../../../platform/scope/index.js';
import { ListCertificatesQuery, RejectCertificateDto, SubmitCertificateDto } from './certificate.dto.js';
import { CertificateService } from './certificate.service.js';
import { CertificateView } from './certificate.view.js';

@ApiTags('Matching')
@Controller('certificates')
export class CertificateController {
  constructor(private readonly certificates: CertificateService) {}

  /** Hand in papers that prove who the caller is. The images are readable by the caller and by admins alone, and each reading is noted. */
  @Post()
  @Access('member')
  @Answers(201, CertificateView, { refuses: ['UNKNOWN_FILE', 'CERTIFICATE_PENDING'] })
  submitCertificate(@CurrentUser() user: UserActor, @Body() body: SubmitCertificateDto): Promise<CertificateView> {
    return this.certificates.submit(user, body);
  }

  /** List what was handed in, the oldest first. */
  @Get()
  @Access('admin')
  @Answers(200, [CertificateView], { refuses: ['INVALID_CURSOR'], headers: { Link: 'The next page, where there is one' } })
  listCertificates(@CurrentActor() actor: Actor, @Query() query: ListCertificatesQuery): Promise<Page<CertificateView>> {
    return this.certificates.list(actor, query);
  }

  /** Show one. To whose it is, and to admins. */
  @Get(':id')
  @Access('member')
  @Answers(200, CertificateView, { refuses: ['CERTIFICATE_NOT_FOUND'] })
  getCertificate(@CurrentActor() actor: Actor, @IdParam('id', 'CERTIFICATE_NOT_FOUND') id: string): Promise<CertificateView> {
    return this.certificates.get(actor, id);
  }

  /** Approve papers. The user is proven to be who they say, and is told. */
  @Post(':id/approve')
  @Access('admin')
  @Answers(200, CertificateView, {
    refuses: ['CERTIFICATE_NOT_FOUND', 'CERTIFICATE_DECIDED', 'CERTIFICATE_OUTDATED'],
  })
  approveCertificate(@CurrentActor() actor: Actor, @IdParam('id', 'CERTIFICATE_NOT_FOUND') id: string): Promise<CertificateView> {
    return this.certificates.approve(actor, id);
  }

  /** Reject papers for a reason. The user is told, and may hand in others. */
  @Post(':id/reject')
  @Access('admin')
  @Answers(200, CertificateView, { refuses: ['CERTIFICATE_NOT_FOUND', 'CERTIFICATE_DECIDED'] })
  rejectCertificate(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'CERTIFICATE_NOT_FOUND') id: string,
    @Body() body: RejectCertificateDto,
  ): Promise<CertificateView> {
    return this.certificates.reject(actor, id, body.reason);
  }
}
