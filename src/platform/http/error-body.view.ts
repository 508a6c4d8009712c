import { ApiProperty } from '@nestjs/swagger';
import { ERROR_TABLE, type ErrorCode } from '../errors/index.js';

/** One wrong field of a refused body or query. */
export class ErrorDetailView {
  @ApiProperty({ description: 'The path of the field; empty for the body as a whole', example: 'owner.email' })
  field: string;

  @ApiProperty({ description: 'What is wrong with it', example: 'must be an email address' })
  message: string;
}

/** The body of every error. */
export class ErrorBodyView {
  @ApiProperty({ type: 'integer', description: 'The HTTP status', example: 409 })
  statusCode: number;

  @ApiProperty({ description: 'The reason phrase of the status', example: 'Conflict' })
  error: string;

  @ApiProperty({
    enum: Object.keys(ERROR_TABLE),
    enumName: 'ErrorCode',
    description: 'What programs tell errors apart by',
    example: 'USERNAME_TAKEN',
  })
  code: ErrorCode;

  @ApiProperty({ description: 'What people read', example: 'Username already registered' })
  message: string;

  @ApiProperty({ description: 'Names the request in the server log', example: '0199a6f0-5d5c-7c3a-9b1e-0f4d7c2a9e10' })
  request_id: string;

  @ApiProperty({ type: [ErrorDetailView], required: false, description: 'Every wrong field at once; on 400 only' })
  details?: ErrorDetailView[];
}
