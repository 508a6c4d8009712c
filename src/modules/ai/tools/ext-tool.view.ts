import { ApiProperty } from '@nestjs/swagger';

/** What came of a tool. */
export class ToolOutcomeView {
  /** `done` where the tool's server answered with a success */
  @ApiProperty({ enum: ['done', 'failed'], example: 'done' })
  status: 'done' | 'failed';

  /**
   * The status that the tool's server answered; null where it did not
   * @example 200
   */
  @ApiProperty({ type: 'integer', nullable: true })
  http_status: number | null;

  /**
   * The server's answer as text, or why there is none
   * @example '{"slots":["10:00","11:30"]}'
   */
  content: string;
}
