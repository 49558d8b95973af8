// Fields in, the JSON Schema of a tool's input out: an object of these fields and no other.

type Schema = Readonly<Record<string, unknown>>

/** A text that is not empty. */
export const text = (description: string): Schema => ({ type: 'string', minLength: 1, description })

/** Fields are required unless named in `optional`. */
export function fields(properties: Readonly<Record<string, Schema>>, optional: readonly string[] = []): Schema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name))
  return { type: 'object', properties, required, additionalProperties: false }
}

/**
 * An input as it is written in a file: a JSON Schema of an object, or the short form `{ city: string, days?: integer }`, in which a
 * value is a type or a schema, and `?` makes a field optional, as a default does. `type: object` marks a schema.
 */
export function inputSchema(written: Schema): Schema {
  if (written['type'] === 'object') return written
  const optional: string[] = []
  const properties = Object.entries(written).map(([key, value]) => {
    const name = key.replace(/\?$/, '')
    const schema = typeof value === 'string' ? { type: value } : (value as Schema)
    if (name !== key || schema['default'] !== undefined) optional.push(name)
    return [name, schema] as const
  })
  return fields(Object.fromEntries(properties), optional)
}
