// The schema speaks of a file as it is written: an id may be a bare number, a section may be empty, `${NAME}` may stand for a
// number. When the engine validates, all that is resolved: this makes the schema of what is left.

/** Matches a text with a variable in it; in front of a pattern, or alone beside a number or a boolean. */
export const VARIABLE = '\\$\\{'

const typesOf = (node) => (Array.isArray(node.type) ? node.type : [node.type])
const without = (node, dropped) => {
  const types = typesOf(node).filter((type) => !dropped.includes(type))
  return { ...node, type: types.length === 1 ? types[0] : types }
}

export function resolvedSchema(node) {
  if (Array.isArray(node)) return node.map(resolvedSchema)
  if (typeof node !== 'object' || node === null) return node
  let out = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, resolvedSchema(value)]))
  if (typeof out.type !== 'string' && !Array.isArray(out.type)) return out
  if (out['x-id'] === true) out = without(out, ['number'])
  if (typesOf(out).some((type) => type === 'object' || type === 'array')) out = without(out, ['null'])
  if (out.pattern === VARIABLE) {
    const { pattern: _, ...rest } = out
    return without(rest, ['string'])
  }
  if (typeof out.pattern === 'string' && out.pattern.startsWith(`${VARIABLE}|`))
    return { ...out, pattern: out.pattern.slice(VARIABLE.length + 1) }
  return out
}
