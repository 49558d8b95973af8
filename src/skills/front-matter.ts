// The text of a SKILL.md in, its front matter and its body out. Front matter is YAML between lines of dashes; skills that were
// written for more forgiving readers are read line by line where it is not.

export interface FrontMatter {
  readonly fields: Readonly<Record<string, unknown>>
  readonly body: string
}

const BLOCK = /^---[ \t]*\r?\n(?:([\s\S]*?)\r?\n)??(?:---|\.\.\.)[ \t]*(?:\r?\n|$)/
/** A line of its own, such as `description: Use this for: anything`. */
const LINE = /^([A-Za-z][\w-]*):[ \t]+(.+)$/

/** YAML loads for skills that have front matter alone. Never throws. */
export async function splitFrontMatter(text: string): Promise<FrontMatter> {
  const match = BLOCK.exec(text.trimStart())
  if (match === null) return { fields: {}, body: text }
  const [whole, source = ''] = match
  return { fields: await fieldsOf(source), body: text.trimStart().slice(whole.length) }
}

async function fieldsOf(source: string): Promise<Readonly<Record<string, unknown>>> {
  const { parseDocument } = await import('yaml')
  try {
    const document = parseDocument(source, { logLevel: 'silent', uniqueKeys: false })
    const value: unknown = document.errors.length === 0 ? document.toJS({ maxAliasCount: 20 }) : null
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // Too many aliases: read line by line.
  }
  const fields: Record<string, string> = {}
  for (const line of source.split(/\r?\n/)) {
    const [, key, value] = LINE.exec(line) ?? []
    if (key !== undefined && value !== undefined) fields[key] = value.trim().replace(/^(["'])(.*)\1$/, '$2')
  }
  return fields
}
