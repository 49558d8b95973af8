// Fields in, the JSON Schema of a tool's input out: an object of these fields and no other.

type Schema = Readonly<Record<string, unknown>>

/** A text that is not empty. */
export const text = (description: string): Schema => ({ type: 'string', minLength: 1, description })

/** Fields are required unless named in `optional`. */
export function fields(properties: Readonly<Record<string, Schema>>, optional: readonly string[] = []): Schema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name))
  return { type: 'object', properties, required, additionalProperties: false }
}
