import { CreateDateColumn, PrimaryColumn } from 'typeorm';

/** A row of one tenant. Property names are column names, as on the wire. */
export abstract class TenantEntity {
  @PrimaryColumn({ type: 'text' })
  client_id: string;
}

/** A row of one tenant with an id of its own (UUIDv7, so that ids sort by time), under the key `(client_id, id)`. */
export abstract class IdentifiedEntity extends TenantEntity {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  /** To the millisecond, as it is written on the wire. */
  @CreateDateColumn({ type: 'timestamptz', precision: 3 })
  created_at: Date;
}
