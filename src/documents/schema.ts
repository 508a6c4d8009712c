type Json = Record<string, unknown>;

const MAPS = new Set(['properties', 'patternProperties', '$defs']);
const LISTS = new Set(['allOf', 'anyOf', 'oneOf', 'prefixItems']);
const INNER = new Set(['items', 'additionalProperties', 'not']);

/**
 * A schema in the words of JSON Schema 2020-12, which OpenAPI 3.1 and AsyncAPI 3 read: null is one of a value's types, and
 * `examples` is a list.
 */
export function modernSchema(schema: Json): Json {
  const { nullable, example, ...words } = schema;
  const made: Json = {};
  for (const [word, value] of Object.entries(words)) made[word] = modernWord(word, value);
  const examples = example === undefined ? made['examples'] : [example];
  if (examples !== undefined) made['examples'] = examples;
  return nullable === true ? orNull(made) : made;
}

function modernWord(word: string, value: unknown): unknown {
  if (LISTS.has(word)) return (value as Json[]).map(modernSchema);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  if (MAPS.has(word)) return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, modernSchema(inner as Json)]));
  return INNER.has(word) ? modernSchema(value as Json) : value;
}

function orNull(schema: Json): Json {
  if (typeof schema['type'] === 'string') {
    return {
      ...schema,
      type: [schema['type'], 'null'],
      ...(Array.isArray(schema['enum']) ? { enum: [...(schema['enum'] as unknown[]), null] } : {}),
    };
  }
  const { allOf, $ref, ...words } = schema;
  const one = $ref ? { $ref } : Array.isArray(allOf) && allOf.length === 1 ? (allOf[0] as Json) : null;
  if (!one) throw new Error(`A schema that may be null has no one type: ${JSON.stringify(schema).slice(0, 200)}`);
  return { ...words, anyOf: [one, { type: 'null' }] };
}
