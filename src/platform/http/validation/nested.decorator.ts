import { applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { ArrayMaxSize, IsObject, IsOptional, ValidateBy, ValidateNested } from 'class-validator';
import { type DtoClass, fieldContext } from './field-context.js';

export interface NestedOptions {
  /** A list of such objects. */
  each?: boolean;
  /** The longest list that is taken; 1,000 where none is given. */
  max_items?: number;
  optional?: boolean;
  description?: string;
}

/** A field that holds an object of another DTO, or a list of them; checked by that class's rules and documented by its schema. */
export function Nested(type: () => DtoClass, options: NestedOptions = {}): PropertyDecorator {
  const { each = false, optional = false, description, max_items = 1_000 } = options;
  // Swagger takes a function for a lazy type by its name, `type`, which this one has from its property.
  const property = {
    type: () => type(),
    isArray: each,
    required: !optional,
    description,
    ...(each ? { maxItems: max_items } : {}),
  } as ApiPropertyOptions;
  const shape = each
    ? [IsListOfObjects(), ArrayMaxSize(max_items, { message: `must have at most ${max_items} elements` })]
    : [IsObject({ message: 'must be an object' })];
  return applyDecorators(
    ApiProperty(property),
    ValidateNested({ each, message: 'must be an object', ...fieldContext({ nested: type }) }),
    ...shape,
    ...(optional ? [IsOptional()] : []),
  );
}

/** class-validator would look into lists within the list; no field of ours is one. */
function IsListOfObjects(): PropertyDecorator {
  return ValidateBy({
    name: 'isListOfObjects',
    validator: {
      validate: (value: unknown) => Array.isArray(value) && !value.some((element) => Array.isArray(element)),
      defaultMessage: () => 'must be a list of objects',
    },
  });
}
