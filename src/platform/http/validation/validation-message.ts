import type { ValidationArguments, ValidatorConstraintInterface } from 'class-validator';
import type { RuleMetadata } from './rule-metadata.js';

/**
 * The words of a failed rule, as class-validator writes them: its own or the decorator's, with `$property`, `$value`, `$target` and
 * `$constraint1` filled in. The field's name in front is left out, because it stands beside the message.
 */
export function writeMessage(rule: RuleMetadata, constraint: ValidatorConstraintInterface | null, object: object, value: unknown): string {
  const args: ValidationArguments = {
    targetName: object.constructor.name,
    property: rule.propertyName,
    object,
    value,
    constraints: rule.constraints ?? [],
  };
  const source = rule.message || constraint?.defaultMessage?.(args) || 'is not valid';
  let message = typeof source === 'function' ? source(args) : source;
  args.constraints.forEach((given, index) => {
    message = message.replaceAll(`$constraint${index + 1}`, () => toText(given));
  });
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    message = message.replaceAll('$value', () => String(value));
  }
  message = message.replaceAll('$property', () => args.property).replaceAll('$target', () => args.targetName);
  const name = `${args.property} `;
  return message.startsWith(name) ? message.slice(name.length) : message;
}

function toText(given: unknown): string {
  if (Array.isArray(given)) return given.join(', ');
  return typeof given === 'symbol' ? (given.description ?? '') : String(given);
}
