import { ApiProperty } from '@nestjs/swagger';

/** A university, company or department. */
export class MasterEntryView {
  /**
   * Its id, which profiles name
   * @example '019ac1f0-7b1e-7c3a-9d5e-0123456789ac'
   */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /**
   * Its name
   * @example '会話大学'
   */
  name: string;
}

/** A kind of work. */
export class JobView {
  /**
   * Its id, which profiles name
   * @example '019ac000-0000-7000-8000-000000000001'
   */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /**
   * Its name
   * @example 'エンジニア'
   */
  name: string;
}
