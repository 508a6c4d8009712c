import { Column, Entity } from 'typeorm';
import { IdentifiedEntity } from '../../platform/database/index.js';
import type { ApiScope } from '../../platform/scope/index.js';

/** A key by which a tenant's system signs in. The key itself is stored nowhere. */
@Entity('api_keys')
export class ApiKey extends IdentifiedEntity {
  @Column('text')
  name: string;

  @Column('text', { array: true })
  scopes: ApiScope[];

  @Column('text')
  key_hash: string;

  @Column('uuid', { nullable: true })
  created_by: string | null;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  expires_at: Date | null;
}
