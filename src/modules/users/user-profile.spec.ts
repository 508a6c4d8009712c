import { describe, expect, it } from '@jest/globals';
import type { AppError } from '../../platform/errors/index.js';
import { changedProfile, EMPTY_PROFILE, isOtherAffiliation, JOBS, type Profile, type WholeProfile } from './user-profile.js';

const PERSON = { name: '花子', date_of_birth: '2001-04-01', phone_number: '09012345678' };
const STUDENT: WholeProfile = { ...EMPTY_PROFILE, ...PERSON, type: 'student', university_id: 'u1' };
const COMPANY: WholeProfile = { ...EMPTY_PROFILE, ...PERSON, type: 'company', company_id: 'c1', job_id: JOBS[0]!.id, department_id: 'd1' };

function faults(before: WholeProfile, changes: Profile): string[] {
  try {
    changedProfile(before, changes);
    return [];
  } catch (error) {
    return (error as AppError).details?.map(({ field, message }) => `${field} ${message}`) ?? [];
  }
}

describe('changedProfile', () => {
  it('keeps what is not named, clears what is null, and takes nothing that is no profile', () => {
    const changes = { name: '太郎', position: null, university_id: undefined, role: 'owner' } as Profile;
    expect(changedProfile(STUDENT, changes)).toEqual({ ...STUDENT, name: '太郎' });
    expect(changedProfile(EMPTY_PROFILE, {})).toEqual(EMPTY_PROFILE);
  });

  it('asks for what the type needs', () => {
    expect(faults(EMPTY_PROFILE, { type: 'student' })).toEqual([
      'name is required for a student',
      'date_of_birth is required for a student',
      'phone_number is required for a student',
      'university_id is required for a student',
    ]);
    expect(faults({ ...EMPTY_PROFILE, ...PERSON }, { type: 'company' })).toEqual([
      'company_id is required for a company user',
      'job_id is required for a company user',
    ]);
    expect(faults(STUDENT, { phone_number: null })).toEqual(['phone_number is required for a student']);
  });

  it('takes no affiliation of another type, and no job that there is not', () => {
    expect(faults(STUDENT, { company_id: 'c1' })).toEqual(['company_id is for a company user alone']);
    expect(faults(EMPTY_PROFILE, { university_id: 'u1' })).toEqual(['university_id is for a student alone']);
    expect(faults(COMPANY, { job_id: 'j1' })).toEqual(['job_id names no job']);
  });

  it('takes no birthday before 1900 or in the future', () => {
    const tomorrow = new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 10);
    for (const date_of_birth of ['1899-12-31', '0001-01-01', '2999-01-01', tomorrow])
      expect(faults(STUDENT, { date_of_birth })).toEqual(['date_of_birth must be a day from 1900-01-01 to today']);
    expect(faults(STUDENT, { date_of_birth: '1900-01-01' })).toEqual([]);
    expect(faults(STUDENT, { date_of_birth: new Date().toISOString().slice(0, 10) })).toEqual([]);
  });

  it('leaves behind what belonged to the former type', () => {
    const hired = changedProfile(STUDENT, { type: 'company', company_id: 'c2', job_id: JOBS[1]!.id });
    expect(hired).toMatchObject({ university_id: null, company_id: 'c2' });
    expect(changedProfile(COMPANY, { type: null })).toEqual({ ...EMPTY_PROFILE, ...PERSON });
    expect(faults(STUDENT, { type: 'company', company_id: 'c2', job_id: JOBS[1]!.id, university_id: 'u1' })).toEqual([
      'university_id is for a student alone',
    ]);
  });
});

describe('isOtherAffiliation', () => {
  it('looks at type, university and company', () => {
    expect(isOtherAffiliation(COMPANY, { ...COMPANY, name: '太郎', position: '社長', department_id: null })).toBe(false);
    expect(isOtherAffiliation(STUDENT, { ...STUDENT, university_id: 'u2' })).toBe(true);
    expect(isOtherAffiliation(COMPANY, { ...COMPANY, company_id: 'c2' })).toBe(true);
    expect(isOtherAffiliation(STUDENT, COMPANY)).toBe(true);
  });
});
