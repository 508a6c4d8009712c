import { Column, Entity } from 'typeorm';
import { IdentifiedEntity } from '../../../platform/database/index.js';

/** What a talk costs its listener; one for a matching. The amount stays as it was when it was first asked for. */
@Entity('payments')
export class Payment extends IdentifiedEntity {
  @Column('uuid')
  matching_id: string;

  /** In the currency's smallest unit. */
  @Column('integer')
  amount: number;

  @Column('text')
  currency: string;

  /** The provider's name for it; null until it has one. */
  @Column('text', { nullable: true })
  intent_id: string | null;

  /** The provider's word; `created` before it has one, `refunded` and `partially_refunded` after. */
  @Column('text', { default: 'created' })
  status: string;

  /** How much is to be paid back; null where nothing was decided. */
  @Column('integer', { nullable: true })
  refund_amount: number | null;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  refunded_at: Date | null;
}
