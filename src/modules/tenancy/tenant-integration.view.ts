import { ApiProperty } from '@nestjs/swagger';

/** How the tenant reaches a model; what is null is the installation's. */
export class TenantOpenAiView {
  /** The API key, masked */
  @ApiProperty({ type: String, nullable: true, example: '****ghij' })
  api_key: string | null;

  /** The server that speaks OpenAI's API */
  @ApiProperty({ type: String, format: 'uri', nullable: true, example: null })
  base_url: string | null;

  /** The model that answers */
  @ApiProperty({ type: String, nullable: true, example: 'gpt-5-mini' })
  model: string | null;

  /** The model that compares meanings */
  @ApiProperty({ type: String, nullable: true, example: 'text-embedding-3-small' })
  embedding_model: string | null;

  /** The model that transcribes */
  @ApiProperty({ type: String, nullable: true, example: 'whisper-1' })
  whisper_model: string | null;
}

/** The tenant's own account at Twilio. */
export class TenantTwilioView {
  /**
   * The account
   * @example 'AC0123456789abcdef0123456789abcdef'
   */
  account_sid: string;

  /**
   * Its auth token, masked
   * @example '****cdef'
   */
  auth_token: string;
}

/** How the assistant treats calls. */
export class TenantAssistantView {
  /**
   * Minutes without a turn after which an open call closes
   * @example 30
   */
  @ApiProperty({ type: 'integer' })
  idle_minutes: number;

  /**
   * Earlier turns of the same number that the model is shown
   * @example 20
   */
  @ApiProperty({ type: 'integer' })
  history_turns: number;

  /**
   * How far back those turns may lie, in hours
   * @example 168
   */
  @ApiProperty({ type: 'integer' })
  history_hours: number;
}
