import { ApiProperty } from '@nestjs/swagger';

/** The process answers. */
export class LiveView {
  /**
   * Always `ok`
   * @example 'ok'
   */
  status: string;
}

/** Whether requests should be sent here. */
export class ReadyView {
  /**
   * `ok`, or `unavailable`
   * @example 'ok'
   */
  status: string;

  /** Each part, with what is wrong with it where something is */
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'object', properties: { ok: { type: 'boolean' }, reason: { type: 'string' } }, required: ['ok'] },
    example: { database: { ok: true }, jobs: { ok: true } },
  })
  parts: Record<string, { ok: boolean; reason?: string }>;
}
