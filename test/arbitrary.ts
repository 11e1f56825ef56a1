import fc from "fast-check";

/** A JSON Schema of the OpenAPI document, as far as the API's requests use the language. */
export interface JsonSchema {
  $ref?: string;
  type?: string;
  const?: unknown;
  enum?: unknown[];
  anyOf?: JsonSchema[];
  allOf?: object[];
  format?: string;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  items?: JsonSchema;
  prefixItems?: JsonSchema[];
  minItems?: number;
  maxItems?: number;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  examples?: unknown[];
}

export type Resolve = (schema: JsonSchema) => JsonSchema;

/** Longer lists of a valid spec are many trials: planning them is another test's subject. */
const mostItems = 3;

/** Values that `schema` allows; `resolve` follows references. Not every one, but of each kind that it names. */
export function arbitraryOf(schema: JsonSchema, resolve: Resolve): fc.Arbitrary<unknown> {
  const resolved = resolve(schema);
  const { anyOf, items, minItems = 0, maxItems = mostItems } = resolved;
  if ("const" in resolved) return fc.constant(resolved.const);
  if (resolved.enum) return fc.constantFrom(...resolved.enum);
  if (resolved.allOf) return likeExamples(resolved, resolve);
  if (anyOf) return fc.oneof(...anyOf.map((branch) => arbitraryOf(branch, resolve)));
  switch (resolved.type) {
    case "string":
      return text(resolved);
    case "integer":
      return fc.integer(bounds(resolved, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER));
    case "number":
      return number(resolved);
    case "null":
      return fc.constant(null);
    case "boolean":
      return fc.boolean();
    case "array": {
      if (resolved.prefixItems) return fc.tuple(...resolved.prefixItems.map((each) => arbitraryOf(each, resolve)));
      const item = items ? arbitraryOf(items, resolve) : fc.jsonValue();
      return fc.array(item, { minLength: minItems, maxLength: Math.max(minItems, Math.min(maxItems, mostItems)) });
    }
    case "object":
      return object(resolved, resolve);
    default:
      return fc.jsonValue();
  }
}

/** Relations between fields hold in the examples: those that they name stay, and of the others two at most vary. */
function likeExamples({ examples = [], allOf, required = [], ...schema }: JsonSchema, resolve: Resolve) {
  const fixed = (name: string) => required.includes(name) || JSON.stringify(allOf).includes(`"${name}"`);
  const free = Object.entries(schema.properties ?? {}).filter(([name]) => !fixed(name));
  const varied = fc
    .subarray(free, { maxLength: 2 })
    .chain((fields) =>
      object({ properties: Object.fromEntries(fields), required: fields.map(([name]) => name) }, resolve),
    );
  return fc
    .tuple(fc.constantFrom(...(examples as object[])), varied)
    .map(([example, other]) => ({ ...example, ...other }));
}

function object({ properties = {}, required = [] }: JsonSchema, resolve: Resolve): fc.Arbitrary<object> {
  const fields = Object.entries(properties).map(([name, field]) => [name, arbitraryOf(field, resolve)] as const);
  return fc.record(Object.fromEntries(fields), { requiredKeys: required });
}

function text({ pattern, format, minLength = 0, maxLength = 200 }: JsonSchema): fc.Arbitrary<string> {
  if (format === "uuid") return fc.uuid();
  if (!pattern)
    return fc.string({ minLength, maxLength, unit: "grapheme" }).filter((value) => value.length <= maxLength);
  const fits = (value: string) => value.length >= minLength && value.length <= maxLength;
  return fc.stringMatching(new RegExp(pattern, "u"), { maxLength: Math.min(maxLength, 100) }).filter(fits);
}

function bounds({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonSchema, least: number, most: number) {
  return {
    min: Math.max(minimum ?? least, exclusiveMinimum === undefined ? least : Math.floor(exclusiveMinimum) + 1),
    max: Math.min(maximum ?? most, exclusiveMaximum === undefined ? most : Math.ceil(exclusiveMaximum) - 1),
  };
}

function number({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonSchema): fc.Arbitrary<number> {
  return fc.double({
    min: exclusiveMinimum ?? minimum ?? -1e6,
    max: exclusiveMaximum ?? maximum ?? 1e6,
    minExcluded: exclusiveMinimum !== undefined,
    maxExcluded: exclusiveMaximum !== undefined,
    noNaN: true,
  });
}
