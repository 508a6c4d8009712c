import { Column, Entity } from 'typeorm';
import { IdentifiedEntity } from '../../../platform/database/index.js';

/** A question that callers ask, and what the tenant answers. */
@Entity('faqs')
export class Faq extends IdentifiedEntity {
  /** What names it: one of a kind in its tenant. */
  @Column('text')
  question: string;

  @Column('text')
  answer: string;

  @Column('text', { array: true })
  tags: string[];

  /** What its search terms were made by; see `TERMS_VERSION`. */
  @Column('integer')
  terms_version: number;

  @Column({ type: 'timestamptz', precision: 3 })
  updated_at: Date;
}
