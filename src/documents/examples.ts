type Json = Record<string, unknown>;

/** References count too; classes that hold themselves end here. */
const DEEPEST = 24;

/** An example of a schema, put together from its properties' own; of the required ones alone where `is_least`. */
export function exampleOf(schema: Json, schemas: Record<string, Json>, is_least = false, depth = 0): unknown {
  if (depth > DEEPEST) return null;
  const inner = (part: Json): unknown => exampleOf(part, schemas, is_least, depth + 1);
  if (typeof schema['$ref'] === 'string') {
    const target = schemas[schema['$ref'].slice(schema['$ref'].lastIndexOf('/') + 1)];
    return target ? inner(target) : null;
  }
  // A class's own examples are put together from its properties, so that the least can be told from the whole.
  const composed = schema['properties'] !== undefined;
  if (!composed && Array.isArray(schema['examples']) && schema['examples'].length > 0) return schema['examples'][0];
  if (schema['default'] !== undefined) return schema['default'];
  for (const word of ['anyOf', 'oneOf'] as const) {
    const [first] = (schema[word] as Json[] | undefined) ?? [];
    if (first) return inner(first);
  }
  if (Array.isArray(schema['allOf'])) {
    const parts = (schema['allOf'] as Json[]).map(inner);
    return parts.length === 1 ? parts[0] : (Object.assign({}, ...parts) as unknown);
  }
  if (schema['const'] !== undefined) return schema['const'];
  if (Array.isArray(schema['type']) && schema['type'].includes('null')) return null;
  if (Array.isArray(schema['enum'])) return (schema['enum'] as unknown[])[0];
  switch (schema['type']) {
    case 'object': {
      const required = new Set((schema['required'] ?? []) as string[]);
      const properties = Object.entries((schema['properties'] ?? {}) as Record<string, Json>);
      return Object.fromEntries(
        properties.filter(([name]) => !is_least || required.has(name)).map(([name, property]) => [name, inner(property)]),
      );
    }
    case 'array':
      return schema['items'] ? [inner(schema['items'] as Json)] : [];
    case 'integer':
    case 'number':
      return schema['minimum'] ?? 1;
    case 'boolean':
      return false;
    case 'string':
      return exampleText(schema);
    default:
      return null;
  }
}

function exampleText(schema: Json): string {
  switch (schema['format']) {
    case 'uuid':
      return '019ac1f0-7b1e-7c3a-9d5e-0123456789ab';
    case 'date-time':
      return '2026-11-20T09:00:00.000Z';
    case 'date':
      return '2026-11-20';
    default:
      return 'text';
  }
}
