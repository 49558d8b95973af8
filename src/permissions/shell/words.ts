// Text → words, one after another, with their quotes and backslashes taken off. What a shell would put something else in the
// place of (a variable, another command, braces) is not understood. A word keeps, for every character, whether it was quoted.

export const LIMITS = { characters: 8192, commands: 50, words: 2048, steps: 20_000 } as const

/** One decoded word. `quoted[i]` is 1 where the i-th UTF-16 unit of `text` came from quotes or a backslash. */
export interface Word {
  readonly text: string
  readonly quoted: Uint8Array
  /** No quoting anywhere in it. */
  readonly bare: boolean
  /** Holds an unquoted `*`, `?` or `[`, so the shell may put file names in its place. */
  readonly pattern: boolean
  /** A pair of quotes with nothing between them stands in it, which shows in no character. */
  readonly emptyQuotes: boolean
}

export class NotUnderstood extends Error {}

export const fail = (reason: string): never => {
  throw new NotUnderstood(reason)
}

const AFTER_DOLLAR = /[A-Za-z0-9_@*#?$!{([\\'"-]/

/** Where the reading of a command stands. What it does not understand it throws as `NotUnderstood`. */
export class WordReader {
  protected readonly text: string
  protected at = 0
  #steps = 0

  constructor(text: string) {
    this.text = text
  }

  protected peek(ahead = 0): string {
    return this.text[this.at + ahead] ?? ''
  }

  protected step(): void {
    if (++this.#steps > LIMITS.steps) fail('The command takes too many steps to read.')
  }

  /** Skips blanks, and a comment where a word could begin. */
  protected blanks(): void {
    while (this.peek() === ' ' || this.peek() === '\t') {
      this.step()
      this.at++
    }
    if (this.peek() === '#') {
      while (this.at < this.text.length && this.peek() !== '\n') {
        this.step()
        this.at++
      }
    }
  }

  /** One word, decoded; undefined where none begins. */
  protected word(): Word | undefined {
    let text = ''
    const quoted: number[] = []
    let any = false
    let bare = true
    let pattern = false
    let emptyQuotes = false
    let brace = -1
    const add = (character: string, isQuoted: 0 | 1): void => {
      text += character
      quoted.push(isQuoted)
    }
    for (; this.at < this.text.length; ) {
      this.step()
      const character = this.peek()
      if (character === ' ' || character === '\t' || character === '\n' || character === ';' || character === '|') break
      if (character === '&' || character === '<' || character === '>') {
        if (brace >= 0 && character !== '&') fail('A brace stands before a redirection.')
        break
      }
      if (character === '(' || character === ')') fail('Parentheses outside quotes are not read by the checker.')
      if (character === '`') fail('A backquote starts another command inside this one.')
      any = true
      if (character === "'") {
        bare = false
        const end = this.text.indexOf("'", this.at + 1)
        if (end < 0) fail('A single quote is not closed.')
        if (end === this.at + 1) emptyQuotes = true
        for (const unit of this.text.slice(this.at + 1, end).split('')) add(unit, 1)
        this.#steps += end - this.at
        this.at = end + 1
      } else if (character === '"') {
        bare = false
        if (this.peek(1) === '"') emptyQuotes = true
        this.at++
        this.#doubleQuoted(add)
      } else if (character === '\\') {
        bare = false
        const next = this.peek(1)
        if (next === '') fail('A backslash stands at the end.')
        if (next === '\n') fail('A line is continued by a backslash; write it on one line.')
        add(next, 1)
        this.at += 2
      } else {
        if (character === '$' && AFTER_DOLLAR.test(this.peek(1))) fail(this.#dollar())
        if (character === '*' || character === '?' || character === '[') pattern = true
        if (character === '{' && brace < 0) brace = text.length
        add(character, 0)
        this.at++
      }
    }
    if (!any) return undefined
    if (brace >= 0 && bracesExpand(text, quoted)) fail('Braces would be expanded into several words.')
    return { text, quoted: Uint8Array.from(quoted), bare, pattern, emptyQuotes }
  }

  #doubleQuoted(add: (character: string, isQuoted: 1) => void): void {
    for (;;) {
      this.step()
      const character = this.peek()
      if (character === '') fail('A double quote is not closed.')
      if (character === '"') {
        this.at++
        return
      }
      if (character === '`') fail('A backquote starts another command inside this one.')
      if (character === '\\') {
        const next = this.peek(1)
        if (next === '\n') fail('A line is continued by a backslash; write it on one line.')
        if (next !== '' && '$`"\\'.includes(next)) {
          add(next, 1)
          this.at += 2
          continue
        }
      }
      if (character === '$') {
        const next = this.peek(1)
        if (next !== '"' && AFTER_DOLLAR.test(next)) fail(this.#dollar())
      }
      add(character, 1)
      this.at++
    }
  }

  #dollar(): string {
    const next = this.peek(1)
    if (next === '(') return '`$(` starts another command inside this one.'
    if (next === "'" || next === '"' || next === '\\') return 'A quote after `$` hides what the word says.'
    return 'A variable is expanded; its value is not known beforehand.'
  }
}

/**
 * Whether bash may make several words of a word's braces: from an unquoted `{`, a `,` or `..` at its own level and a `}` after
 * it. A `}` before those closes nothing, so `@{u}..HEAD` and `stash@{0}` are one word.
 */
function bracesExpand(text: string, quoted: readonly number[]): boolean {
  let braces = 0
  for (let start = text.indexOf('{'); start >= 0; start = text.indexOf('{', start + 1)) {
    if (quoted[start] === 1) continue
    if (++braces > MOST_BRACES) return true
    let level = 0
    let separated = false
    for (let at = start + 1; at < text.length; at++) {
      const character = text.charAt(at)
      if (level === 0 && (character === ',' || text.startsWith('..', at))) separated = true
      if (quoted[at] === 1) continue
      if (character === '{') level++
      else if (character === '}') {
        if (level > 0) level--
        else if (separated) return true
      }
    }
  }
  return false
}

/** More open braces than this in one word are not looked through. */
const MOST_BRACES = 32
