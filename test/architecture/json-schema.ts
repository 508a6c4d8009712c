import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { Json } from './api-document.js';

/** Words beside JSON Schema's own that OpenAPI gives to schemas. */
const VOCABULARY = ['discriminator', 'xml', 'externalDocs', 'example'];

/** Checks values against the schemas of a document, by JSON Schema 2020-12. */
export class SchemaChecker {
  private readonly ajv = new Ajv2020({
    strict: true,
    strictRequired: false,
    allowUnionTypes: true,
    allErrors: true,
    validateFormats: true,
  });
  private readonly known = new Map<string, ValidateFunction>();

  constructor(private readonly schemas: Record<string, Json>) {
    addFormats.default(this.ajv);
    this.ajv.addFormat('password', true);
    for (const word of VOCABULARY) this.ajv.addKeyword(word);
    this.ajv.addSchema({ $id: 'document', $defs: rooted(schemas) });
  }

  /** What is wrong with a value, or null. Throws where the schema itself is wrong. */
  fault(schema: Json, value: unknown): string | null {
    const text = JSON.stringify(rooted(schema));
    let validate = this.known.get(text);
    if (!validate) {
      validate = this.ajv.compile(JSON.parse(text) as Json);
      this.known.set(text, validate);
    }
    return validate(value) ? null : this.ajv.errorsText(validate.errors);
  }

  /** The names of the schemas, all of which compile. */
  compileAll(): string[] {
    const names = Object.keys(this.schemas);
    for (const name of names) this.fault({ $ref: `#/components/schemas/${name}` }, null);
    return names;
  }
}

/** A document's components are no words of JSON Schema; definitions are. */
function rooted(schemas: Json): Json {
  return JSON.parse(JSON.stringify(schemas).replaceAll('"#/components/schemas/', '"document#/$defs/')) as Json;
}
