import { AppError, type ErrorDetail } from '../../platform/errors/index.js';

/** What somebody is in matchings: students listen, people of companies speak. */
export const USER_TYPES = ['student', 'company'] as const;
export type UserType = (typeof USER_TYPES)[number];

/** A kind of work. */
export interface Job {
  readonly id: string;
  readonly name: string;
}

/** The kinds of work that there are (source 003); the database holds the same ids. */
export const JOBS: readonly Job[] = [
  { id: '019ac000-0000-7000-8000-000000000001', name: 'エンジニア' },
  { id: '019ac000-0000-7000-8000-000000000002', name: '総合職' },
  { id: '019ac000-0000-7000-8000-000000000003', name: '研究職' },
];

/** Which of a user's fields the user sets. */
export interface Profile {
  name?: string | null;
  date_of_birth?: string | null;
  phone_number?: string | null;
  type?: UserType | null;
  university_id?: string | null;
  company_id?: string | null;
  job_id?: string | null;
  department_id?: string | null;
  position?: string | null;
}

export type WholeProfile = { [Field in keyof Profile]-?: Exclude<Profile[Field], undefined> };

export const EMPTY_PROFILE: WholeProfile = {
  name: null,
  date_of_birth: null,
  phone_number: null,
  type: null,
  university_id: null,
  company_id: null,
  job_id: null,
  department_id: null,
  position: null,
};

const FIRST_BIRTHDAY = '1900-01-01';
const REQUIRED: Record<UserType, ReadonlyArray<keyof Profile>> = {
  student: ['name', 'date_of_birth', 'phone_number', 'university_id'],
  company: ['name', 'date_of_birth', 'phone_number', 'company_id', 'job_id'],
};
const AFFILIATIONS = { student: 'university_id', company: 'company_id' } as const;
const WHOSE: Record<UserType, string> = { student: 'a student', company: 'a company user' };

/**
 * A profile after a change; what is not named stays. Whoever changes their type leaves what belonged to the former one behind, unless they
 * name it.
 * @throws VALIDATION_FAILED naming every field that the type asks for or does not take
 */
export function changedProfile(before: WholeProfile, changes: Profile): WholeProfile {
  const named = Object.fromEntries(Object.entries(changes).filter(([field, value]) => field in EMPTY_PROFILE && value !== undefined));
  const after: WholeProfile = { ...before, ...named };
  if (after.type !== before.type) {
    for (const field of ['university_id', 'company_id', 'job_id', 'department_id'] as const) if (!(field in named)) after[field] = null;
  }
  const details = faultsOf(after);
  if (details.length > 0) throw new AppError('VALIDATION_FAILED', { details });
  return after;
}

/** True where what the papers proved is not what the profile says any more. */
export function isOtherAffiliation(before: WholeProfile, after: WholeProfile): boolean {
  return before.type !== after.type || before.university_id !== after.university_id || before.company_id !== after.company_id;
}

/** Today has begun somewhere before it has in UTC. */
function isBirthday(day: string): boolean {
  const today = new Date(Date.now() + 14 * 3_600_000).toISOString().slice(0, 10);
  return day >= FIRST_BIRTHDAY && day <= today;
}

function faultsOf(profile: WholeProfile): ErrorDetail[] {
  const { type } = profile;
  const required = type === null ? [] : REQUIRED[type].filter((field) => profile[field] === null);
  const foreign = (Object.keys(AFFILIATIONS) as UserType[]).filter((other) => other !== type && profile[AFFILIATIONS[other]] !== null);
  const details = [
    ...required.map((field) => ({ field, message: `is required for ${WHOSE[type as UserType]}` })),
    ...foreign.map((other) => ({ field: AFFILIATIONS[other], message: `is for ${WHOSE[other]} alone` })),
  ];
  if (profile.date_of_birth !== null && !isBirthday(profile.date_of_birth))
    details.push({ field: 'date_of_birth', message: `must be a day from ${FIRST_BIRTHDAY} to today` });
  if (profile.job_id !== null && !JOBS.some(({ id }) => id === profile.job_id)) details.push({ field: 'job_id', message: 'names no job' });
  return details;
}
