import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, ValidateBy } from 'class-validator';
import { IsCalendarDate, IsEmailField, IsFlag, IsIdField, IsOneOf, isStorable, IsText, PageQuery } from '../../platform/http/index.js';
import { type Role, ROLES } from '../../platform/scope/index.js';
import { IsNewPassword, IsUsername } from '../tenancy/index.js';
import { JOBS, USER_TYPES, type UserType } from './user-profile.js';

/** How many names or ids one request may ask for. */
const MOST_NAMES = 200;
const MOST_TEXT = 100;
const PHONE = { expression: /^[+＋]?[\d０-９][\d０-９ ()（）.\-‐‑–—−－]{1,30}$/, message: 'must be a phone number' };

const A_JOB = JOBS[0]?.id;
const IS_WHAT = '`student` listens, `company` speaks';

/**
 * What a user says about themselves; null clears a field, one that is left out stays. Once `type` is given, name, date_of_birth, phone_number and the
 * affiliation are required (university_id of a student, company_id and job_id of a company user).
 */
export class ProfileDto {
  @IsText({ min: 1, max: MOST_TEXT, trim: true, optional: true, description: 'The name in everyday life', example: '田中 太郎' })
  name?: string | null;

  @IsCalendarDate({ optional: true, description: 'The day of birth, from 1900 to today', example: '2001-04-01' })
  date_of_birth?: string | null;

  @IsText({ min: 2, max: 32, pattern: PHONE, optional: true, description: 'A phone number, kept as it is given', example: '090-1234-5678' })
  phone_number?: string | null;

  @IsOneOf(USER_TYPES, {
    optional: true,
    enum_name: 'UserType',
    description: `What the user is in matchings: ${IS_WHAT}. Another one has to be proven anew`,
  })
  type?: UserType | null;

  @IsIdField({ optional: true, description: "A student's university, of `GET /universities`" })
  university_id?: string | null;

  @IsIdField({ optional: true, description: "A company user's company, of `GET /companies`" })
  company_id?: string | null;

  @IsIdField({ optional: true, description: 'The kind of work, of `GET /jobs`', example: A_JOB })
  job_id?: string | null;

  @IsIdField({ optional: true, description: 'The department, of `GET /departments`' })
  department_id?: string | null;

  @IsText({ min: 1, max: MOST_TEXT, trim: true, optional: true, description: 'The position at work', example: '課長' })
  position?: string | null;
}

const ID = '019ac1f0-7b1e-7c3a-9d5e-0123456789ab';
const PERSON = { name: '田中 太郎', date_of_birth: '2001-04-01', phone_number: '090-1234-5678' };
const NEW_ACCOUNT = { username: 'tanaka', email: 'tanaka@example.com', password: 'correct-horse-battery-7' };

/** Profiles as they are taken: what belongs to the one type does not go with the other. */
export const PROFILE_EXAMPLES = {
  student: { summary: 'A student', value: { ...PERSON, type: 'student', university_id: ID } },
  company: {
    summary: 'A company user',
    value: { ...PERSON, type: 'company', company_id: ID, job_id: A_JOB, department_id: ID, position: '課長' },
  },
};

/** The same with an account. */
export const NEW_USER_EXAMPLES = {
  least: { summary: 'The required fields', value: { email: NEW_ACCOUNT.email, password: NEW_ACCOUNT.password } },
  student: { summary: 'A student', value: { ...NEW_ACCOUNT, ...PROFILE_EXAMPLES.student.value } },
  company: { summary: 'A company user', value: { ...NEW_ACCOUNT, ...PROFILE_EXAMPLES.company.value } },
};

const INVITATION = {
  min: 1,
  max: 200,
  optional: true,
  description: 'The token of an invitation for this email address',
  example: 'mZ4tYcJ0o1x2Qk3R5u6V7w8X9y0Z1a2B3c4D5e6F7g8',
} as const;

/** Registration by username, email and password. */
export class RegisterDto {
  @IsUsername()
  username: string;

  @IsEmailField({ description: 'Unique in the tenant, whatever the case' })
  email: string;

  @IsNewPassword()
  password: string;

  @IsText(INVITATION)
  invitation?: string | null;
}

/** Registration by email and password. */
export class RegisterByEmailDto {
  @IsEmailField({ description: 'Unique in the tenant, whatever the case' })
  email: string;

  @IsNewPassword()
  password: string;

  @IsUsername({ optional: true, description: 'Made from the email where none is given' })
  username?: string | null;

  @IsText(INVITATION)
  invitation?: string | null;
}

/** Registration with a profile. */
export class CreateUserDto extends ProfileDto {
  @IsEmailField({ description: 'Unique in the tenant, whatever the case' })
  email: string;

  @IsNewPassword()
  password: string;

  @IsUsername({ optional: true, description: 'Made from the email where none is given' })
  username?: string | null;

  @IsText(INVITATION)
  invitation?: string | null;
}

/** What admins change of an account. */
export class ChangeAccountDto {
  @IsOneOf(ROLES, { optional: true, enum_name: 'Role', description: 'The new role' })
  role?: Role | null;

  @IsFlag({ optional: true, description: 'True shuts the account and ends its sessions; false opens it again' })
  disabled?: boolean | null;
}

/** Whom to look for; every field narrows the search. */
export class SearchUsersQuery extends PageQuery {
  @IsText({
    min: 1,
    max: MOST_TEXT,
    optional: true,
    description:
      'Words, in any language: each is a part of the username, name or position, or of the name of the university, company, department or job',
    example: '田中',
  })
  q?: string;

  @IsOneOf(USER_TYPES, { optional: true, description: `What they are in matchings: ${IS_WHAT}` })
  type?: UserType;

  @IsIdField({ optional: true, description: 'At this university' })
  university_id?: string;

  @IsIdField({ optional: true, description: 'At this company' })
  company_id?: string;

  @IsIdField({ optional: true, description: 'Of this kind of work', example: A_JOB })
  job_id?: string;

  @IsIdField({ optional: true, description: 'In this department' })
  department_id?: string;

  @IsText({ min: 1, max: MOST_TEXT, optional: true, description: 'Any part of the position', example: '課長' })
  position?: string;
}

/** Usernames to turn into ids. */
export class UsernamesDto {
  @IsNameList(['tanaka', 'suzuki'])
  usernames: string[];
}

/** Ids to turn into usernames; numbers, which some callers know ids by, are nobody's. */
export class IdsDto {
  @IsNameList(['019ac1f0-7b1e-7c3a-9d5e-0123456789ab'], (item) => Number.isFinite(item))
  ids: Array<string | number>;
}

/** Any texts: one that nobody is called by is answered, not refused. */
function IsNameList(example: string[], alsoTakes: (item: unknown) => boolean = () => false): PropertyDecorator {
  const isName = (item: unknown): boolean => (typeof item === 'string' ? isStorable(item) : alsoTakes(item));
  return applyDecorators(
    ApiProperty({ type: [String], maxItems: MOST_NAMES, description: 'At most 200 of them', example }),
    IsArray({ message: 'must be a list' }),
    ArrayMaxSize(MOST_NAMES, { message: `must have at most ${MOST_NAMES} elements` }),
    ValidateBy({
      name: 'isNameList',
      validator: {
        validate: (value: unknown) => Array.isArray(value) && value.every(isName),
        defaultMessage: () => 'must be a list of texts',
      },
    }),
  );
}
