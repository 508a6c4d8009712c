import { IsEmailField, IsOneOf } from '../../platform/http/index.js';
import { type Role, ROLES } from '../../platform/scope/index.js';

/** A new invitation. */
export class CreateInvitationDto {
  @IsEmailField({ description: 'Who is invited: nobody else can use the invitation' })
  email: string;

  @IsOneOf(ROLES, {
    optional: true,
    enum_name: 'Role',
    description: "What they become, at most the inviter's own role; `member` where none is named",
  })
  role?: Role | null;
}
