import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { PageQuery } from '../page-query.dto.js';
import { type CompiledValidator, validatorOf } from './compiled-validator.js';
import { IsCalendarDate, IsClientName, IsEmailField, IsFlag, IsIdField, IsIntField, IsOneOf, IsText, IsTimestamp } from './validators.js';

class House {
  @IsIdField()
  id: string;

  @IsClientName()
  client_id: string;

  @IsText({ min: 1, max: 4, trim: true })
  text: string;

  @IsText({ min: 1, max: 2, compose: true, optional: true })
  name?: string;

  @IsEmailField({ optional: true })
  email?: string;

  @IsTimestamp({ optional: true })
  at?: string;

  @IsCalendarDate({ optional: true })
  day?: string;

  @IsIntField({ min: 0, max: 10 })
  count: number;

  @IsOneOf(['red', 'blue'], { optional: true })
  color?: string;

  @IsFlag({ optional: true })
  on?: boolean;

  @IsIdField({ each: true, optional: true, max_items: 2 })
  ids?: string[];
}

describe('a query', () => {
  class Search extends PageQuery {
    @IsOneOf(['a', 'b'], { each: true, optional: true })
    kinds?: string[];

    @IsFlag({ optional: true })
    on?: boolean;

    @IsText({ min: 1, max: 5 })
    q: string;
  }
  const search: CompiledValidator<Search> = validatorOf<Search>(Search);

  it('turns strings into what the fields are', () => {
    const { value } = search.validateQuery({ limit: '7', kinds: 'a', on: 'false', q: '12', client_id: 'x', cursor: '' });
    expect(value).toEqual(Object.assign(new Search(), { limit: 7, kinds: ['a'], on: false, q: '12' }));
    expect(search.validateQuery({ q: 'x', kinds: ['a', 'b'] }).value).toMatchObject({ limit: 50, kinds: ['a', 'b'] });
  });

  it.each(['abc', '0', '201', '1.5', '1e2', '0x10', ' 1', '-1', '99999999999999999999'])('refuses the limit %j', (limit) => {
    expect(search.validateQuery({ q: 'x', limit }).errors).toEqual([{ field: 'limit', message: 'must be an integer from 1 to 200' }]);
  });

  it('refuses a repeated single parameter, and calls the missing missing', () => {
    expect(search.validateQuery({ q: ['x', 'y'] }).errors).toEqual([{ field: 'q', message: 'must be text of 1 to 5 characters' }]);
    expect(search.validateQuery({ q: '' }).errors).toEqual([{ field: 'q', message: 'is required' }]);
  });
});

describe('the house fields', () => {
  it.each([
    ['text', '𠮷𠮷𠮷𠮷', true],
    ['text', '𠮷𠮷𠮷𠮷𠮷', false],
    ['text', '   ', false],
    ['text', '\ud800', false],
    ['text', 'a\0', false],
    ['name', 'がが'.normalize('NFD'), true],
    ['name', 'ががが'.normalize('NFD'), false],
    ['at', '2024-02-29T23:59:59+09:00', true],
    ['at', '2023-02-29T23:59:59Z', false],
    ['at', '2024-02-29T23:59:60Z', false],
    ['at', '2024-02-29T23:59:59', false],
    ['at', '2024-02-29T23:59:59+15:59', true],
    ['at', '2024-02-29T23:59:59-16:00', false],
    ['at', '0001-01-01T00:00:00Z', true],
    ['at', '0001-01-01T00:00:00+09:00', false],
    ['at', '9999-12-31T23:59:59.999Z', true],
    ['at', '9999-12-31T23:59:59-09:00', false],
    ['day', '1900-02-29', false],
    ['day', '2000-02-29', true],
    ['client_id', 'A', false],
    ['ids', ['0199a6f0-5d5c-7c3a-9b1e-0f4d7c2a9e10'], true],
    ['ids', ['x'], true],
    ['ids', [7], false],
    ['email', `${'a'.repeat(64)}@${'b'.repeat(190)}.com`, false],
  ])('%s %j → %s', (name, value, good) => {
    const { errors } = validatorOf(House).validate({ [name]: value });
    expect(errors?.some((error) => error.field === name && error.message !== 'is required') ?? false).toBe(!good);
  });

  it('normalises what is taken in several forms', () => {
    const { value } = validatorOf(House).validate({
      id: '0199A6F0-5D5C-7C3A-9B1E-0F4D7C2A9E10',
      client_id: 'a',
      text: ' ab ',
      name: 'が'.normalize('NFD'),
      count: 1,
    });
    expect(value).toMatchObject({ id: '0199a6f0-5d5c-7c3a-9b1e-0f4d7c2a9e10', text: 'ab', name: 'が'.normalize('NFC') });
  });

  it.each(['nope', '', '0199a6f0-5d5c-7c3a-9b1e-0f4d7c2a9e1', '\0'])('takes %j for an id that nothing has', (id) => {
    expect(validatorOf(House).validate({ id, client_id: 'a', text: 'ab', count: 1 }).value?.id).toBe(
      '00000000-0000-0000-0000-000000000000',
    );
  });
});
