import { IsText } from '../../platform/http/index.js';
import { IsNewPassword } from '../tenancy/index.js';

export class ChangePasswordDto {
  @IsText({ min: 1, max: 1_024, description: 'The password as it is', example: 'correct-horse-7' })
  current_password: string;

  @IsNewPassword({ description: 'The password as it shall be; common ones are refused' })
  new_password: string;
}

export class RequestResetDto {
  @IsText({
    min: 1,
    max: 254,
    description: 'The email of the account, in any letter case; what is no email is nobody’s',
    example: 'tanaka@example.com',
  })
  email: string;
}

export class ConfirmResetDto {
  @IsText({ min: 1, max: 256, description: 'The token from the mail', example: 'q2Zq8Jr1cX0mYw3v5n7b9d1f3h5j7l9n1p3r5t7v9x0' })
  token: string;

  @IsNewPassword({ description: 'The password as it shall be; common ones are refused' })
  new_password: string;
}
