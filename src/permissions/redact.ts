// Secret values in, a function that blots them out of any text. Their URL-encoded, JSON and base64 forms count too.

const SHORTEST = 6

export type Redact = (text: string) => string

/** Values shorter than six characters are left: they would blot out ordinary words. */
export function createRedactor(values: Iterable<string>): Redact {
  const forms = new Set<string>()
  for (const value of values) {
    if (value.length < SHORTEST) continue
    forms.add(value)
    forms.add(encodeURIComponent(Buffer.from(value).toString()))
    forms.add(JSON.stringify(value).slice(1, -1))
    const bytes = Buffer.from(value)
    forms.add(bytes.toString('base64').replace(/=+$/, ''))
    forms.add(bytes.toString('base64url'))
    forms.add(bytes.toString('hex'))
  }
  if (forms.size === 0) return (text) => text
  const escaped = [...forms].sort((a, b) => b.length - a.length).map((form) => form.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
  const pattern = new RegExp(escaped.join('|'), 'g')
  return (text) => text.replace(pattern, '***')
}
