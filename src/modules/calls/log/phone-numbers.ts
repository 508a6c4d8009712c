import { Injectable } from '@nestjs/common';
import { AppError } from '../../../platform/errors/index.js';
import { Scope } from '../../../platform/scope/index.js';
import { caseless } from '../../../platform/text/index.js';
import { phoneKey, TenantDirectory } from '../../tenancy/index.js';

/** Numbers as they are compared: `09012345678`, `+819012345678` and `090-1234-5678` are one in Japan (contract, section 4). */
@Injectable()
export class PhoneNumbers {
  constructor(private readonly directory: TenantDirectory) {}

  /** The number's key: E.164, read in the tenant's region where it has no country code. Null for what no phone could dial. */
  async find(number: string): Promise<string | null> {
    const tenant = await this.directory.find(Scope.clientId());
    if (!tenant) throw new AppError('UNKNOWN_CLIENT');
    return phoneKey(number, tenant.phone_region);
  }

  /** The number's key. @throws VALIDATION_FAILED naming `field` where it is none */
  async key(number: string, field = 'phone_number'): Promise<string> {
    const key = await this.find(number);
    if (key === null) throw AppError.field(field, 'is not a phone number');
    return key;
  }

  /**
   * A key for whatever the telephone provider says the other side is: a number, or words such as `anonymous` and `client:desk` where
   * there is none.
   */
  async keyOfCaller(caller: string): Promise<string> {
    return (await this.find(caller)) ?? caseless(caller.trim());
  }
}
