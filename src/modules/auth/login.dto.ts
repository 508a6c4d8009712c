import { IsText } from '../../platform/http/index.js';

/** A password as it is typed: whether it may be one is asked where it is set, not where it is tried. */
const TYPED_PASSWORD = { min: 1, max: 1_024, example: 'correct-horse-7' } as const;

export class LoginDto {
  @IsText({ min: 1, max: 254, description: 'The username or the email, in any letter case', example: 'tanaka' })
  usernameOrEmail: string;

  @IsText({ ...TYPED_PASSWORD, description: 'The password' })
  password: string;
}

export class TokenLoginDto {
  @IsText({ min: 1, max: 254, description: 'The email, in any letter case', example: 'tanaka@example.com' })
  email: string;

  @IsText({ ...TYPED_PASSWORD, description: 'The password' })
  password: string;

  @IsText({
    min: 1,
    max: 200,
    optional: true,
    description: 'The room that the tokens are for; `lobby` where none is named',
    example: 'sales-desk',
  })
  room_id?: string | null;
}

export class RefreshDto {
  @IsText({
    min: 1,
    max: 512,
    description: 'The refresh token of the pair before',
    example: 'rt_0199a6f0-5d5c-7c3a-9b1e-0f4d7c2a9e10.1.q2Zq8Jr1cX0mYw3v5n7b9d1f3h5j7l9n1p3r5t7v9x0',
  })
  refresh_token: string;
}
