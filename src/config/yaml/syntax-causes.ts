// A place that YAML cannot read → the mistake that people make there, in their words. Enters the text and where the parser
// gave up; leaves the cause, or nothing where none of the known ones fits.

export interface SyntaxCause {
  readonly message: string
  readonly hint: string
  /** Offset of what is to be changed. */
  readonly at: number
}

/** A line and the part of it that is a value: `- key: value`, `- value`, or what stands in a flow list. */
interface Line {
  readonly text: string
  readonly start: number
  readonly indent: number
  /** Without the dash of a list item. */
  readonly key?: string
  readonly value: string
  /** Offset of the value in the whole text. */
  readonly valueAt: number
}

type Cause = (line: Line, context: Context) => SyntaxCause | undefined

interface Context {
  readonly text: string
  /** Where the parser gave up. */
  readonly at: number
  /** The line before it that is not empty. */
  readonly before: Line | undefined
}

/** The first known cause on the line of the error; some are made on the line before it. */
export function syntaxCause(text: string, at: number): SyntaxCause | undefined {
  const line = lineAt(text, at)
  const before = lineBefore(text, line.start)
  const context = { text, at, before }
  for (const cause of CAUSES) {
    const found = cause(line, context)
    if (found !== undefined) return found
  }
  // A quote or a list that is left open is noticed one line later.
  if (before === undefined || at > line.start + line.indent) return undefined
  for (const cause of LATE_CAUSES) {
    const found = cause(before, { text, at, before: undefined })
    if (found !== undefined) return found
  }
  return undefined
}

const mergeConflict: Cause = ({ text, start }) =>
  /^(<{7}|={7}|>{7}|\|{7})( |$)/.test(text)
    ? {
        message: 'A merge conflict was left in the file.',
        hint: 'Keep one side and remove the lines that begin with <<<<<<<, ======= and >>>>>>>.',
        at: start,
      }
    : undefined

const tabIndent: Cause = ({ text, start }) => {
  const tab = /^ *\t/.exec(text)
  if (tab === null) return undefined
  const message = 'A tab is used to indent.'
  return { message, hint: 'Indent with blanks: YAML does not allow tabs there.', at: start + tab[0].length - 1 }
}

/** `name:Scout`, also with a blank that is none. */
const noBlankAfterColon: Cause = ({ text, start, indent }) => {
  const found = /^(?:- +)*([A-Za-z_][\w-]*):([^\s/:][^:]*)$/.exec(text.slice(indent))
  const [, key = '', rest = ''] = found ?? []
  if (found === null || rest.startsWith('//')) return undefined
  const at = start + text.indexOf(`${key}:`) + key.length + 1
  return { message: `A blank is missing after \`${key}:\`.`, hint: `Write \`${key}: ${rest.trim()}\`.`, at }
}

const strangeBlank: Cause = ({ text, start }) => {
  const found = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000\ufeff]/.exec(text)
  if (found === null) return undefined
  const message = 'Here stands a character that looks like a blank and is none (a no-break space, for one).'
  return { message, hint: 'Replace it by an ordinary blank; it often comes from a copied web page.', at: start + found.index }
}

/** The text of `soul: |` stands in the column of its key. */
const blockNotIndented: Cause = (line, { before }) => {
  if (before?.key === undefined || !/^[|>][-+0-9]*(\s+#.*)?$/.test(before.value) || line.indent > before.indent) return undefined
  const message = `The text of \`${before.key}: ${before.value.charAt(0)}\` must be indented further than its key.`
  return { message, hint: 'Put two more blanks in front of each of its lines.', at: line.start + line.indent }
}

const textAfterBlockMark: Cause = ({ key, value, valueAt }) => {
  const found = /^([|>][-+0-9]*)\s+[^#\s]/.exec(value)
  if (found === null || key === undefined) return undefined
  const message = `After \`${key}: ${found[1]}\` the text begins on the next line.`
  return { message, hint: `Move it there, indented further than \`${key}\`; or take the ${value.charAt(0)} away.`, at: valueAt }
}

const listOnLineOfKey: Cause = ({ key, value, valueAt }) => {
  if (key === undefined || !/^- /.test(value)) return undefined
  const text = value.slice(2).trim()
  const message = `A list cannot begin on the line of its key, and a text that begins with a dash must be quoted.`
  return { message, hint: `Write ${quoted(value)} for a text; or put \`- ${text}\` on the next line for a list.`, at: valueAt }
}

const SPECIAL: Readonly<Record<string, string>> = {
  '*': 'names an anchor',
  '&': 'makes an anchor',
  '?': 'makes a key',
  '!': 'makes a tag',
  '%': 'is reserved',
  '@': 'is reserved',
  '`': 'is reserved',
}

/** A text that begins with a character that means something in YAML: `*_memory`, `@mehdi`, `%d`. */
const specialFirst: Cause = (line, context) => {
  for (const { text, at } of plainTexts(line, context)) {
    const mark = text.charAt(0)
    const meaning = SPECIAL[mark]
    if (meaning === undefined || (mark === '&' && /^&\w+ /.test(text)) || (mark === '?' && !text.startsWith('? '))) continue
    const message = `A text that begins with ${mark} must be quoted: without quotes, ${mark} ${meaning}.`
    return { message, hint: `Write ${quoted(text)}.`, at }
  }
  return undefined
}

/** `[#claw]`: the rest of the line is a comment. */
const commentInFlow: Cause = ({ text, start }) => {
  const found = /[[,{]\s*(#[^\s,\]}]*)/.exec(text)
  if (found === null) return undefined
  const [whole, word = ''] = found
  const message = 'A # begins a comment here, which swallows the rest of the line.'
  return { message, hint: `Write ${quoted(word)} with quotes.`, at: start + found.index + whole.length - word.length }
}

/** `{ prefix: research:, agentId: x }` */
const colonAtEndInFlow: Cause = ({ text, start }) => {
  const found = /(?<=:\s+)([^\s"'{}[\],:][^"'{}[\],:]*:)(?=\s*[,}])/.exec(text)
  if (found === null || !/[{[]/.test(text)) return undefined
  const word = found[1] ?? ''
  return { message: 'A text that ends with a colon must be quoted.', hint: `Write ${quoted(word)}.`, at: start + found.index }
}

/** `'don't panic'`, `"He said "hi""` */
const quoteInside: Cause = ({ text, start }) => {
  const found = /(?:^|[\s,[{])(['"])/.exec(text)
  if (found === null) return undefined
  const mark = found[1] ?? ''
  const open = found.index + found[0].length - 1
  const close = closeOf(text, open)
  if (close === -1 || /^\s*([,\]}:]|#|$)/.test(text.slice(close + 1))) return undefined
  const last = text.lastIndexOf(mark)
  const inner = text.slice(open + 1, last)
  const message = `The quote ends at ${text.slice(open, close + 1)}, and more text comes after it.`
  const rest = text.slice(close + 1).trimEnd()
  const hint =
    last === close
      ? `Put all of it between the quotes: ${mark}${inner}${rest}${mark}`
      : mark === "'"
        ? `Write two for one that belongs to the text: '${inner.replaceAll("'", "''")}'`
        : `Write \\" for one that belongs to the text: "${inner.replaceAll('"', '\\"')}"`
  return { message, hint: `${hint}.`, at: start + close }
}

const badEscape: Cause = ({ text, start }) => {
  const found =
    /"[^"]*?\\(?![0abtnvfre "/\\N_LPxuU])/.exec(text) ??
    /"[^"]*?\\(?=U(?![0-9a-fA-F]{8})|u(?![0-9a-fA-F]{4})|x(?![0-9a-fA-F]{2}))/.exec(text)
  if (found === null) return undefined
  const message = 'In double quotes a backslash begins an escape, and this is none.'
  return {
    message,
    hint: "Write it in single quotes, where a backslash is itself: 'C:\\\\bot'.".replace('\\\\', '\\'),
    at: start + found.index + found[0].length - 1,
  }
}

const colonInText: Cause = ({ key, value, valueAt }) => {
  if (key === undefined || /^["'[{|>&*!]/.test(value) || !/\S: /.test(value)) return undefined
  const message = 'A text without quotes cannot hold a colon and a blank.'
  return { message, hint: `Write ${quoted(value)}.`, at: valueAt }
}

/** Two keys of one map in different columns. */
const unevenIndent: Cause = (line, { before }) => {
  if (before === undefined || line.key === undefined || before.key === undefined) return undefined
  const off = line.indent - before.indent
  if (off === 0 || before.value === '' || (off % 2 === 0 && off < 0)) return undefined
  const more = off > 0 ? `${off} more` : `${-off} fewer`
  const message = `\`${line.key}\` is indented by ${more} ${Math.abs(off) === 1 ? 'blank' : 'blanks'} than \`${before.key}\` above it.`
  return { message, hint: 'Keys of one map begin in the same column.', at: line.start + line.indent }
}

const noColon: Cause = ({ text, start, indent, key, value }) => {
  if (key !== undefined || !/^[A-Za-z_][\w-]*( \S.*)?$/.test(value) || text.trim().startsWith('-')) return undefined
  const [word = '', ...rest] = value.split(' ')
  const hint = rest.length === 0 ? `Write \`${word}:\`, if it is a key.` : `Write \`${word}: ${rest.join(' ')}\`, if it is a key.`
  return { message: 'Here a key is expected, and this line has no colon.', hint, at: start + indent }
}

const otherLanguage: Cause = (_line, { text }) => {
  if (!/^\s*(#.*\n\s*)*\[[\w.-]+\]\s*\n\s*[\w-]+\s*=/.test(text)) return undefined
  const hint = 'Write `agents:` and below it, indented, `main:` and its keys, each with a colon.'
  return { message: 'This looks like TOML; the configuration is YAML.', hint, at: text.search(/\[/) }
}

/** `{{name}} is kind` */
const textBeginsWithBrace: Cause = ({ key, value, valueAt }) => {
  if (key === undefined || !/^([{[]).*[}\]]\s*[^\s,}\]#]/.test(value) || /^[{[].*: /.test(value)) return undefined
  const message = `A text that begins with ${value.charAt(0)} must be quoted: without quotes it begins a ${value.startsWith('{') ? 'map' : 'list'}.`
  return { message, hint: `Write ${quoted(value)}.`, at: valueAt }
}

/** A line whose brackets close more than it opens, where nothing before it is open. */
const oneTooMany: Cause = ({ text, start }, { text: all }) => {
  const extra = unmatchedCloser(text)
  if (extra === -1 || unmatchedOpeners(all.slice(0, start)) > 0) return undefined
  return {
    message: `This ${text.charAt(extra)} closes nothing.`,
    hint: 'Take it away, or open one before it.',
    at: start + extra,
  }
}

/** `{ soul: S tools: [bash] }` */
const missingComma: Cause = ({ text, start }) => {
  const found = /[{,]\s*[\w-]+:\s+(?:"[^"]*"|'[^']*'|[^\s"'{}[\],]+|\[[^\]]*\])( +)[A-Za-z_][\w-]*:\s/.exec(text)
  if (found === null) return undefined
  const at = start + found.index + found[0].lastIndexOf(found[1] ?? ' ')
  return { message: 'A comma is missing between two keys.', hint: 'In braces, part keys by commas: { a: 1, b: 2 }.', at }
}

/** What stands on the next line is in the wrong column, and the parser says so at the end of this one. */
const nextLineIndent: Cause = (line, { text }) => {
  const next = lineAfter(text, line)
  if (next === undefined || line.key === undefined) return undefined
  const at = next.start + next.indent
  const dash = text.charAt(at) === '-'
  if (line.value === '' && dash && next.indent < line.indent) {
    const message = `The list of \`${line.key}\` begins left of its key.`
    return { message, hint: `Indent it at least as far as \`${line.key}\`.`, at }
  }
  if (line.value === '' || /^["'|>]/.test(line.value) || next.indent <= line.indent || next.key === undefined) return undefined
  const message = `\`${next.key}\` is indented further than \`${line.key}\` above it.`
  return { message, hint: 'Keys of one map begin in the same column.', at }
}

/** In order: the surer ones first. */
const CAUSES: readonly Cause[] = [
  mergeConflict,
  otherLanguage,
  tabIndent,
  blockNotIndented,
  textAfterBlockMark,
  listOnLineOfKey,
  commentInFlow,
  colonAtEndInFlow,
  missingComma,
  textBeginsWithBrace,
  oneTooMany,
  quoteInside,
  badEscape,
  specialFirst,
  strangeBlank,
  noBlankAfterColon,
  nextLineIndent,
  colonInText,
  unevenIndent,
  noColon,
]

/** Those whose effect shows only on the next line. */
const LATE_CAUSES: readonly Cause[] = [
  mergeConflict,
  commentInFlow,
  quoteInside,
  noBlankAfterColon,
  strangeBlank,
  specialFirst,
  noColon,
]

/** How a text is written with quotes, whatever it holds. */
export const quoted = (text: string): string => JSON.stringify(text.trim())

function lineAt(text: string, at: number): Line {
  const start = text.lastIndexOf('\n', at - 1) + 1
  const end = text.indexOf('\n', start)
  return readLine(text.slice(start, end === -1 ? undefined : end).replace(/\r$/, ''), start)
}

function lineBefore(text: string, start: number): Line | undefined {
  for (let end = start - 1; end > 0; ) {
    const line = lineAt(text, end)
    if (line.text.trim() !== '' && !line.text.trim().startsWith('#')) return line
    end = line.start - 1
  }
  return undefined
}

function lineAfter(text: string, line: Line): Line | undefined {
  for (let start = line.start + line.text.length + 1; start < text.length; ) {
    const next = lineAt(text, start)
    if (next.text.trim() !== '' && !next.text.trim().startsWith('#')) return next
    start = next.start + next.text.length + 1
  }
  return undefined
}

function readLine(text: string, start: number): Line {
  const indent = text.length - text.trimStart().length
  const dashes = /^(?:- +)*/.exec(text.slice(indent))?.[0].length ?? 0
  const from = indent + dashes
  const key = /^("[^"]*"|'[^']*'|[A-Za-z_][\w.-]*):(?: +|$)/.exec(text.slice(from))
  if (key === null) return { text, start, indent, value: text.slice(from).trim(), valueAt: start + from }
  const value = text.slice(from + key[0].length).trim()
  return { text, start, indent, key: key[1] ?? '', value, valueAt: start + from + key[0].length }
}

/** The unquoted texts of a line: its value, or the items and values of a flow list or map. */
function plainTexts(line: Line, { text }: Context): readonly { readonly text: string; readonly at: number }[] {
  if (!/^[[{]/.test(line.value)) {
    const inFlow = line.key === undefined && /[\]}],?$/.test(line.value)
    return inFlow ? [] : [{ text: line.value, at: line.valueAt }]
  }
  const parts: { text: string; at: number }[] = []
  for (const found of line.value.matchAll(/(?:[[{,]|:\s)\s*([^\s"'[\]{},][^,\]}]*)/g)) {
    const word = (found[1] ?? '').trim()
    const at = line.valueAt + found.index + found[0].length - (found[1] ?? '').length
    if (text.startsWith(word, at)) parts.push({ text: word, at })
  }
  return parts
}

/** Where the quote that opens at `open` closes on its line, or -1. */
function closeOf(text: string, open: number): number {
  const mark = text.charAt(open)
  for (let at = open + 1; at < text.length; at++) {
    if (mark === '"' && text.charAt(at) === '\\') at++
    else if (text.charAt(at) === mark) {
      if (mark === "'" && text.charAt(at + 1) === "'") at++
      else return at
    }
  }
  return -1
}

/** Brackets of a text outside of quotes and comments, by offset. */
function* brackets(text: string): Generator<readonly [mark: string, at: number]> {
  for (let at = 0; at < text.length; at++) {
    const mark = text.charAt(at)
    if (mark === '#' && (at === 0 || /\s/.test(text.charAt(at - 1)))) {
      const end = text.indexOf('\n', at)
      if (end === -1) return
      at = end
    } else if ((mark === '"' || mark === "'") && (at === 0 || /[\s[{,:]/.test(text.charAt(at - 1)))) {
      const close = closeOf(text, at)
      if (close !== -1) at = close
    } else if ('{}[]'.includes(mark)) yield [mark, at]
  }
}

/** The first closing bracket of a line that closes none of its own open ones; -1: there is none. */
function unmatchedCloser(line: string): number {
  const open: string[] = []
  for (const [mark, at] of brackets(line)) {
    if (mark === '{' || mark === '[') open.push(mark === '{' ? '}' : ']')
    else if (open.pop() !== mark) return at
  }
  return -1
}

function unmatchedOpeners(text: string): number {
  let open = 0
  for (const [mark] of brackets(text)) open = Math.max(0, open + (mark === '{' || mark === '[' ? 1 : -1))
  return open
}
