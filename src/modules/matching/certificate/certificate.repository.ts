import { Injectable } from '@nestjs/common';
import { Database, isUniqueViolation, SystemDatabase, TenantRepository } from '../../../platform/database/index.js';
import { AppError } from '../../../platform/errors/index.js';
import { Scope } from '../../../platform/scope/index.js';
import { Certificate } from './certificate.entity.js';

/** Certificates whose images have had their time. */
export interface DueCertificates {
  readonly client_id: string;
  readonly ids: string[];
}

/** True for a certificate of a tenant `t` that was decided so long ago that its images are to go; null while it is not decided. */
const isDue = (certificate: string): string =>
  `${certificate}.decided_at <= now() - make_interval(days => coalesce((t.matching ->> 'certificate_retention_days')::int, $1))`;

/** The certificates of the tenant in scope; the oldest is decided first. */
@Injectable()
export class CertificateRepository extends TenantRepository<Certificate> {
  constructor(
    database: Database,
    private readonly system: SystemDatabase,
  ) {
    super(database, Certificate, { columns: ['created_at', 'id'], direction: 'asc' });
  }

  /** @throws CERTIFICATE_PENDING where the user has one that waits */
  async submit(
    certificate: Pick<Certificate, 'id' | 'user_id' | 'type_card_file_id' | 'identity_card_file_id' | 'user_type' | 'affiliation_id'>,
  ): Promise<Certificate> {
    try {
      return await this.insert(certificate);
    } catch (error) {
      throw isUniqueViolation(error, 'certificates_pending') ? new AppError('CERTIFICATE_PENDING', { cause: error }) : error;
    }
  }

  lock(id: string): Promise<Certificate | null> {
    return this.findOne({ id }, { lock: { mode: 'for_no_key_update' } });
  }

  /** True where the file is an image of a certificate that waits for its decision. */
  async waitsWith(file_id: string): Promise<boolean> {
    const status = 'pending';
    return (
      (await this.count([
        { status, type_card_file_id: file_id },
        { status, identity_card_file_id: file_id },
      ])) > 0
    );
  }

  /** Of every tenant, those with images that have had their time, and that no later one still needs; at most `limit`. */
  async findDue(default_days: number, limit: number): Promise<DueCertificates[]> {
    return this.system.cross('sweep', (sql) =>
      sql<DueCertificates>(
        `select client_id, array_agg(id) as ids from (
           select c.client_id, c.id from certificates c join tenants t on t.client_id = c.client_id
            where (c.type_card_file_id is not null or c.identity_card_file_id is not null) and ${isDue('c')} and exists (
              select from (values (c.type_card_file_id), (c.identity_card_file_id)) as f(file_id)
               where f.file_id is not null and not exists (
                 select from certificates o where o.client_id = c.client_id and o.user_id = c.user_id and (${isDue('o')}) is not true
                    and f.file_id in (o.type_card_file_id, o.identity_card_file_id)))
            order by c.decided_at limit $2) due
         group by client_id`,
        [default_days, limit],
      ),
    );
  }

  /** The images of these certificates, without those that another one still needs. */
  async imagesOf(ids: readonly string[]): Promise<string[]> {
    const rows = await this.database.sql<{ file_id: string }>(
      `select distinct f.file_id from certificates c
        cross join lateral (values (c.type_card_file_id), (c.identity_card_file_id)) as f(file_id)
        where c.client_id = $1 and c.id = any($2::uuid[]) and f.file_id is not null and not exists (
          select 1 from certificates o where o.client_id = $1 and o.user_id = c.user_id and o.id <> all($2::uuid[])
             and f.file_id in (o.type_card_file_id, o.identity_card_file_id))`,
      [Scope.clientId(), ids],
    );
    return rows.map(({ file_id }) => file_id);
  }
}
