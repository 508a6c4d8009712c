import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import { AppError } from '../../errors/index.js';
import { type CompiledValidator, hasRules, validatorOf } from './compiled-validator.js';

/**
 * The global pipe: bodies and queries whose parameter is a DTO class arrive as a checked instance of it, or the request is
 * refused with VALIDATION_FAILED naming every wrong field. Other parameters pass unchanged.
 */
@Injectable()
export class CompiledValidationPipe implements PipeTransform {
  private readonly known = new Map<unknown, CompiledValidator | null>();

  transform(value: unknown, { type, metatype, data }: ArgumentMetadata): unknown {
    if ((type !== 'body' && type !== 'query') || data !== undefined || metatype === undefined) return value;
    let validator = this.known.get(metatype);
    if (validator === undefined) {
      validator = hasRules(metatype) ? validatorOf(metatype) : null;
      this.known.set(metatype, validator);
    }
    if (validator === null) return value;
    const result = type === 'body' ? validator.validate(value) : validator.validateQuery(value as Record<string, unknown>);
    if (result.errors) throw new AppError('VALIDATION_FAILED', { details: result.errors });
    return result.value;
  }
}
