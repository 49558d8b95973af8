// The head of a note, between two lines of dashes: when it was, and whether its text came from outside. People may leave it out.

export interface Head {
  /** When what it says was, ms. */
  readonly at?: number
  /** Its text came from outside: a page, a file, a stranger. */
  readonly outside?: true
}

const HEAD = /^---\r?\n([\s\S]{0,2000}?)\r?\n---\r?\n?/

/** A head that is none, or that nobody closed, is text of the note. */
export function splitHead(text: string): { readonly head: Head; readonly body: string; readonly line: number } {
  const match = HEAD.exec(text)
  const fields = match === null ? null : readFields(match[1] ?? '')
  if (match === null || fields === null) return { head: {}, body: text, line: 1 }
  return { head: fields, body: text.slice(match[0].length), line: 1 + (match[0].match(/\n/g)?.length ?? 0) }
}

function readFields(text: string): Head | null {
  let head: Head = {}
  for (const line of text.split(/\r?\n/)) {
    const field = /^([\w-]+):\s*(.*)$/.exec(line)
    if (field === null) {
      if (line.trim() === '' || line.trimStart().startsWith('#')) continue
      return null
    }
    const [, name, value = ''] = field
    const at = Date.parse(value.replace(/^["']|["']$/g, ''))
    if (name === 'at' && !Number.isNaN(at)) head = { ...head, at }
    if (name === 'outside' && value.trim() === 'true') head = { ...head, outside: true }
  }
  return head
}

export function withHead({ at, outside }: Head, body: string): string {
  const lines = [at === undefined ? '' : `at: ${new Date(at).toISOString()}`, outside === true ? 'outside: true' : '']
  const head = lines.filter((line) => line !== '')
  return head.length === 0 ? body : `---\n${head.join('\n')}\n---\n${body}`
}
