type Json = Record<string, unknown>;

const DEEPEST = 8;

/** An example of a schema, put together from its properties' own. */
export function exampleOf(schema: Json, schemas: Record<string, Json>, depth = 0): unknown {
  if (depth > DEEPEST) return null;
  if (schema['example'] !== undefined) return schema['example'];
  if (Array.isArray(schema['examples']) && schema['examples'].length > 0) return schema['examples'][0];
  if (schema['default'] !== undefined) return schema['default'];
  if (typeof schema['$ref'] === 'string') {
    const target = schemas[schema['$ref'].slice(schema['$ref'].lastIndexOf('/') + 1)];
    return target ? exampleOf(target, schemas, depth + 1) : null;
  }
  for (const word of ['anyOf', 'oneOf'] as const) {
    const [first] = (schema[word] as Json[] | undefined) ?? [];
    if (first) return exampleOf(first, schemas, depth + 1);
  }
  if (Array.isArray(schema['allOf'])) {
    return Object.assign({}, ...(schema['allOf'] as Json[]).map((part) => exampleOf(part, schemas, depth + 1))) as unknown;
  }
  if (Array.isArray(schema['enum'])) return (schema['enum'] as unknown[])[0];
  const type = Array.isArray(schema['type']) ? (schema['type'] as string[])[0] : schema['type'];
  switch (type) {
    case 'object': {
      const properties = (schema['properties'] ?? {}) as Record<string, Json>;
      return Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, exampleOf(property, schemas, depth + 1)]));
    }
    case 'array':
      return schema['items'] ? [exampleOf(schema['items'] as Json, schemas, depth + 1)] : [];
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
