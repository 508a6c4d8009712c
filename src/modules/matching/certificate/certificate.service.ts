import { Injectable } from '@nestjs/common';
import { Database, type Page } from '../../../platform/database/index.js';
import { AppError } from '../../../platform/errors/index.js';
import { newId } from '../../../platform/ids/index.js';
import { type Actor, Scope, type UserActor } from '../../../platform/scope/index.js';
import { FileAccess, FileAttachments, FileService } from '../../files/index.js';
import { AuditService, matchingSettings } from '../../tenancy/index.js';
import { UserStanding } from '../../users/index.js';
import { NotificationService } from '../notification/notification.service.js';
import type { ListCertificatesQuery, SubmitCertificateDto } from './certificate.dto.js';
import type { Certificate } from './certificate.entity.js';
import { assertCanDecide, canDecide } from './certificate.policy.js';
import { CertificateRepository } from './certificate.repository.js';
import { type CertificateView, toCertificateView } from './certificate.view.js';

/** Certificates whose images one sweep takes away; the rest waits for the next. */
const MOST_AT_ONCE = 1_000;
const IMAGE = /^(image\/|application\/pdf$)/;

/** Papers by which people prove who they are: handed in, looked at, approved or rejected, and forgotten. */
@Injectable()
export class CertificateService {
  constructor(
    private readonly database: Database,
    private readonly certificates: CertificateRepository,
    private readonly people: UserStanding,
    private readonly files: FileService,
    private readonly attachments: FileAttachments,
    private readonly notifications: NotificationService,
    private readonly audit: AuditService,
    access: FileAccess,
  ) {
    // Nobody may read an image because of the certificate: its owner and admins may anyhow, and each reading is noted.
    access.register('certificate', () => Promise.resolve(false), {
      is_audited: true,
      is_personal: true,
      isNeeded: (file_id) => this.certificates.waitsWith(file_id),
    });
  }

  /** Hands papers in. @throws VALIDATION_FAILED, UNKNOWN_FILE where a file is not the caller's, CERTIFICATE_PENDING */
  async submit(actor: UserActor, { type_card_file_id, identity_card_file_id }: SubmitCertificateDto): Promise<CertificateView> {
    if (type_card_file_id === identity_card_file_id)
      throw AppError.field('identity_card_file_id', 'must be another file than type_card_file_id');
    const id = newId();
    const file_ids = [type_card_file_id, identity_card_file_id];
    const certificate = await this.database.transaction(async () => {
      const field = (file_id: string): string => (file_id === type_card_file_id ? 'type_card_file_id' : 'identity_card_file_id');
      await this.attachments.attach(actor, file_ids, { kind: 'certificate', id }, { field });
      await this.assertImages(actor, { type_card_file_id, identity_card_file_id });
      const [self] = await this.people.lock([actor.id]);
      if (!self) throw new AppError('UNAUTHORIZED');
      const { type: user_type, affiliation_id } = self;
      const made = await this.certificates.submit({
        id,
        user_id: actor.id,
        type_card_file_id,
        identity_card_file_id,
        user_type,
        affiliation_id,
      });
      await this.people.setCertificate(actor.id, id);
      await this.audit.record(actor, 'certificate.submitted', 'certificate', id);
      return made;
    });
    return toCertificateView(certificate);
  }

  /** A page, the oldest first. @throws FORBIDDEN, INVALID_CURSOR */
  async list(actor: Actor, query: ListCertificatesQuery): Promise<Page<CertificateView>> {
    assertCanDecide(actor);
    return (await this.certificates.list(query.status === undefined ? {} : { status: query.status }, query)).map(toCertificateView);
  }

  /** One's own, or anybody's for admins. @throws CERTIFICATE_NOT_FOUND */
  async get(actor: Actor, id: string): Promise<CertificateView> {
    const certificate = await this.certificates.findOne({ id });
    const is_own = actor.kind === 'user' && actor.id === certificate?.user_id;
    if (!certificate || !(is_own || canDecide(actor))) throw new AppError('CERTIFICATE_NOT_FOUND');
    return toCertificateView(certificate);
  }

  /**
   * Approves: the user is proven to be who they say.
   * @throws FORBIDDEN, CERTIFICATE_NOT_FOUND, CERTIFICATE_DECIDED, CERTIFICATE_OUTDATED
   */
  approve(actor: Actor, id: string): Promise<CertificateView> {
    return this.decide(actor, id, null);
  }

  /** Rejects, for a reason that the user reads. @throws FORBIDDEN, CERTIFICATE_NOT_FOUND, CERTIFICATE_DECIDED */
  reject(actor: Actor, id: string, reason: string): Promise<CertificateView> {
    return this.decide(actor, id, reason);
  }

  /** Takes away images that were kept long enough after the decision, in every tenant. Answers of how many certificates. */
  async sweep(): Promise<number> {
    const { certificate_retention_days } = matchingSettings({});
    let swept = 0;
    for (const { client_id, ids } of await this.certificates.findDue(certificate_retention_days, MOST_AT_ONCE)) {
      await Scope.runAs(client_id, () =>
        this.database.transaction(async () => {
          await this.files.expire(await this.certificates.imagesOf(ids));
          await this.audit.record(null, 'certificate.images_deleted', 'certificate', null, { count: ids.length });
        }),
      );
      swept += ids.length;
    }
    return swept;
  }

  private async decide(actor: Actor, id: string, reason: string | null): Promise<CertificateView> {
    assertCanDecide(actor);
    return this.database.transaction(async () => {
      const seen = await this.certificates.findOne({ id });
      if (!seen) throw new AppError('CERTIFICATE_NOT_FOUND');
      // The person first, as handing in does.
      const [person] = await this.people.lock([seen.user_id]);
      const certificate = await this.certificates.lock(id);
      if (!person || !certificate) throw new AppError('CERTIFICATE_NOT_FOUND');
      if (certificate.status !== 'pending') throw new AppError('CERTIFICATE_DECIDED');
      const is_approved = reason === null;
      if (is_approved) assertProves(certificate, person);
      const status = is_approved ? 'approved' : 'rejected';
      const decision = { status, reason, decided_by: actor.kind === 'user' ? actor.id : null, decided_at: new Date() } as const;
      await this.certificates.update({ id }, decision);
      await this.people.setAuthenticated(person.id, is_approved);
      const text = is_approved ? 'Your papers were approved' : `Your papers were rejected: ${reason}`;
      await this.notifications.notify([{ user_id: person.id, type: `certificate.${status}`, object_id: id, text }]);
      await this.audit.record(actor, `certificate.${status}`, 'certificate', id, { user_id: person.id });
      return toCertificateView({ ...certificate, ...decision });
    });
  }

  private async assertImages(actor: UserActor, named: SubmitCertificateDto): Promise<void> {
    for (const [field, file_id] of Object.entries(named) as Array<[string, string]>) {
      const { content_type } = await this.files.get(actor, file_id);
      if (!IMAGE.test(content_type)) throw AppError.field(field, 'must be an image or a PDF');
    }
  }
}

/** Papers prove what the profile said when they were handed in. */
function assertProves(certificate: Certificate, person: { type: string | null; affiliation_id: string | null }): void {
  const { user_type, affiliation_id } = certificate;
  if (user_type !== person.type || affiliation_id !== person.affiliation_id) throw new AppError('CERTIFICATE_OUTDATED');
}
