// The small languages that some tools carry, as far as their programs can neither write, run nor load anything. Each is read once
// from left to right; what is not known is a no.

/** Reads pieces of a text one after another, each by a pattern that has one way to match. */
class Scanner {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  get done(): boolean {
    return this.#at >= this.#text.length
  }

  /** The piece that a sticky pattern matches here; the scanner moves behind it. */
  take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    if (found !== undefined) this.#at += found.length
    return found
  }
}

const BLANK = /[ \t]*/y
/** A bracket expression that ends at the same place for every tool: no slash, backslash, bracket or `]` in front. */
const between = (mark: string): string => String.raw`([^${mark}\\\n[]|\\[^\n]|\[\^?[^\][\\${mark}\n]+\])*`

const SED_NUMBER = /[0-9]+|\$/y
const SED_REGEX = new RegExp(`/${between('/')}/I?`, 'y')
const SED_STEP = /\+[0-9]+/y
const SED_PLAIN = /[pd=]|q[0-9]*/y
const SED_SUBSTITUTE = new RegExp(
  ['/', '\\|', '#', ',', ':', '@']
    .map((mark) => String.raw`s${mark}${between(mark)}${mark}([^${mark}\\\n]|\\[^\n])*${mark}[gpIi0-9]*`)
    .join('|'),
  'y',
)
const SED_END = /[ \t]*[;\n][ \t;\n]*/y

/** Commands that print, delete, number, quit or substitute; none that reads, writes or runs (`r`, `w`, `e`, those flags of `s`). */
export function isSedScript(text: string): boolean {
  const scanner = new Scanner(text)
  const address = (more?: RegExp): boolean =>
    [SED_NUMBER, SED_REGEX, more].some((kind) => kind !== undefined && scanner.take(kind) !== undefined)
  for (;;) {
    scanner.take(BLANK)
    if (address()) {
      scanner.take(BLANK)
      if (scanner.take(/,[ \t]*/y) !== undefined && !address(SED_STEP)) return false
      scanner.take(/[ \t]*!?[ \t]*/y)
    }
    if (scanner.take(SED_PLAIN) === undefined && scanner.take(SED_SUBSTITUTE) === undefined) return false
    scanner.take(BLANK)
    if (scanner.done) return true
    if (scanner.take(SED_END) === undefined) return false
    if (scanner.done) return true
  }
}

const AWK_SPACE = /[ \t\\\n]+/y
const AWK_STRING = /"([^"\\\n]|\\[^\n])*"/y
const AWK_REGEX = new RegExp(`/${between('/')}/`, 'y')
const AWK_NUMBER = /[0-9]+(\.[0-9]+)?/y
const AWK_NAME = /[A-Za-z_][A-Za-z0-9_]*/y
const AWK_OPERATOR = /&&|\|\||==|!=|<=|>=|!~|\+\+|--|\+=|-=|\*=|[<>~!+\-*%=,;{}()[\]$?:]/y
/** A slash after one of these begins a regular expression, whatever the tool. */
const AWK_BEFORE_REGEX = new Set(['', '{', '}', ';', ',', '(', '~', '!~', '!', '&&', '||', 'print'])
const AWK_FUNCTIONS = new Set(
  'length substr tolower toupper index int sprintf split gsub sub match printf if for while'.split(' '),
)
/** Names by which a program reaches other files, programs, or the environment. */
const AWK_OUTSIDE = new Set(
  'getline system close fflush function func ARGV ARGC ENVIRON PROCINFO SYMTAB FUNCTAB nextfile delete'.split(' '),
)

/** Tests, counters and `print`; no pipe, no `>` inside braces, no function that is not known. */
export function isAwkProgram(text: string): boolean {
  const scanner = new Scanner(text)
  let before = ''
  let depth = 0
  let name = false
  while (!scanner.done) {
    if (scanner.take(AWK_SPACE) !== undefined) continue
    const operator = scanner.take(AWK_OPERATOR)
    if (operator !== undefined) {
      if (operator === '{') depth++
      if (operator === '}') depth--
      if (operator === '>' && depth > 0) return false
      if (operator === '(' && name && !AWK_FUNCTIONS.has(before)) return false
      before = operator
      name = false
      continue
    }
    const word = scanner.take(AWK_NAME)
    name = word !== undefined
    if (word !== undefined) {
      if (AWK_OUTSIDE.has(word)) return false
      before = word
      continue
    }
    const literal = scanner.take(AWK_STRING) ?? scanner.take(AWK_NUMBER)
    if (literal !== undefined) {
      before = 'value'
      continue
    }
    if (!AWK_BEFORE_REGEX.has(before) || scanner.take(AWK_REGEX) === undefined) return false
    before = 'value'
  }
  return text.trim() !== '' && depth === 0
}

/** jq reaches outside its input by these words alone: the environment, other files, modules. */
const JQ_OUTSIDE = /(^|[^.\w]|\.\.)(env|import|include|modulemeta|get_search_list)\b|\$ENV|\$__prog/

export const isJqProgram = (text: string): boolean => !JQ_OUTSIDE.test(text)

const YQ_PIECE =
  /[ \t\n]+|\.?"[^"\\$]*"|\.?\[-?[0-9]*(:-?[0-9]*)?\]|\.[A-Za-z_][\w-]*|\.|[|,()]|==|!=|[0-9]+|(length|keys|type|select|has|sort|unique|first|last|to_entries|map|true|false|null)\b/y

/** Paths, pipes and a few functions that both tools named yq have. */
export function isYqProgram(text: string): boolean {
  const scanner = new Scanner(text)
  while (!scanner.done) if (scanner.take(YQ_PIECE) === undefined) return false
  return text !== ''
}
