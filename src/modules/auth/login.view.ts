import { ApiProperty } from '@nestjs/swagger';

export class TokenPairView {
  @ApiProperty({
    description: 'The access token: a JWT for `Authorization: Bearer` and for sockets',
    example: 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImExYjJjM2Q0In0.eyJzdWIiOiIwMTk5YTZmMCJ9.c2lnbmF0dXJl',
  })
  access_token: string;

  @ApiProperty({ enum: ['Bearer'], description: 'How the access token is sent', example: 'Bearer' })
  token_type: 'Bearer';

  @ApiProperty({ type: 'integer', description: 'How long the access token lasts, in seconds', example: 900 })
  expires_in: number;

  @ApiProperty({
    description: 'Good for one refresh within 30 days',
    example: 'rt_0199a6f0-5d5c-7c3a-9b1e-0f4d7c2a9e10.1.q2Zq8Jr1cX0mYw3v5n7b9d1f3h5j7l9n1p3r5t7v9x0',
  })
  refresh_token: string;

  @ApiProperty({ description: 'The room that the tokens are for', example: 'lobby' })
  room_id: string;
}
