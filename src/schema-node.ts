// A JSON Schema as the language uses it, and the part of it that a definition brings: the keys of its own.

export type JsonType = 'string' | 'integer' | 'number' | 'boolean' | 'null' | 'object' | 'array'

export interface SchemaNode {
  readonly $schema?: string
  readonly $id?: string
  readonly $comment?: string
  readonly $ref?: string
  readonly type?: JsonType | readonly JsonType[]
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly patternProperties?: Readonly<Record<string, SchemaNode>>
  readonly additionalProperties?: boolean | SchemaNode
  readonly propertyNames?: SchemaNode
  readonly required?: readonly string[]
  readonly items?: SchemaNode
  readonly if?: SchemaNode
  readonly then?: SchemaNode
  readonly else?: SchemaNode
  readonly allOf?: readonly SchemaNode[]
  readonly anyOf?: readonly SchemaNode[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly default?: unknown
  readonly pattern?: string
  readonly definitions?: Readonly<Record<string, SchemaNode>>
  readonly title?: string
  readonly description?: string
  readonly markdownDescription?: string
  readonly examples?: readonly unknown[]
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly minItems?: number
  readonly markdownEnumDescriptions?: readonly string[]
  /** A text; a bare number in the file becomes one. */
  readonly 'x-id'?: boolean
  /** It may come from a variable or a file, is given as a `Secret`, and is never printed. */
  readonly 'x-secret'?: boolean
  /** Written as `30s`, given as milliseconds. */
  readonly 'x-duration'?: boolean
  /** A regular expression of linear time. */
  readonly 'x-pattern'?: boolean
  /** A key, where no variable can stand. */
  readonly 'x-name'?: boolean
}

/**
 * The keys that a channel of some type has beside those that every channel has, as `settings.schema.json` holds them. It
 * describes values as the code gets them: variables, empty sections and bare numbers are the language's business.
 */
export interface SettingsFragment {
  readonly title?: string
  readonly description?: string
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, SchemaNode>>
}
