import { Injectable } from '@nestjs/common';
import { type UserName, UserRepository } from './user.repository.js';

const MOST_AT_ONCE = 1_000;

/** Who people are, for the modules above. */
@Injectable()
export class UserDirectory {
  constructor(private readonly users: UserRepository) {}

  /** Who these ids are, in no order; unknown ones are left out. */
  async byIds(ids: readonly string[]): Promise<UserName[]> {
    const wanted = [...new Set(ids)];
    if (wanted.length === 0) return [];
    const found: UserName[] = [];
    for (let at = 0; at < wanted.length; at += MOST_AT_ONCE) found.push(...(await this.users.names(wanted.slice(at, at + MOST_AT_ONCE))));
    return found;
  }

  /** True where all of these are people who may sign in: nobody unknown, and nobody whose account is shut. */
  async areActive(ids: readonly string[]): Promise<boolean> {
    return (await this.users.openAccounts(ids)).length === new Set(ids).size;
  }

  /** Which of these people have an account that is not shut. */
  async whoMayEnter(ids: readonly string[]): Promise<Set<string>> {
    return new Set(await this.users.openAccounts([...new Set(ids)]));
  }
}
