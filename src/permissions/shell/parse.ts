// Text → simple commands, by a closed grammar: what is not listed here is not understood, and what is not understood asks.
// Each word keeps its decoded text and, for every character, whether it was quoted.

export const LIMITS = { characters: 8192, commands: 50, words: 2048, steps: 20_000 } as const

/** One decoded word. `quoted[i]` is 1 where the i-th UTF-16 unit of `text` came from quotes or a backslash. */
export interface Word {
  readonly text: string
  readonly quoted: Uint8Array
  /** No quoting anywhere in it. */
  readonly bare: boolean
  /** Holds an unquoted `*`, `?` or `[`, so the shell may put file names in its place. */
  readonly pattern: boolean
}

/** `stdin` is a file to read, literal. All other accepted redirections discard or join output and need no verdict. */
export interface SimpleCommand {
  readonly words: readonly Word[]
  readonly stdin?: Word
  /** Reads from the pipe on its left, or from a file. */
  readonly hasInput: boolean
}

export type Parsed =
  | { readonly ok: true; readonly commands: readonly SimpleCommand[] }
  | { readonly ok: false; readonly reason: string }

class NotUnderstood extends Error {}

const fail = (reason: string): never => {
  throw new NotUnderstood(reason)
}

// Control characters but tab and line feed, format characters, private use, unassigned, surrogates, line and paragraph
// separators, every blank but the ASCII space, and letters or marks that show as nothing.
const PLAIN = /^[\t\n\x20-\x7e]*$/
const FORBIDDEN =
  /(?![\t\n ])(?:[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}\p{Zs}\u115f\u1160\u2800\u3164\uffa0]|\u034f|\u17b4|\u17b5)/u

const RESERVED = new Set(
  'if then elif else fi case esac for select while until do done in function time { } ! [[ ]] coproc'.split(' '),
)
const ASSIGNMENT = /^[A-Za-z_][A-Za-z0-9_]*(\[[^\]]*\])?\+?=/
const LIKE_ASSIGNMENT = /^[A-Za-z_][A-Za-z0-9_]*\+?=/
const AFTER_DOLLAR = /[A-Za-z0-9_@*#?$!{([\\'"-]/

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

/** What a character that can't be shown looks like in a message. */
const codePoint = (character: string): string =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`

/** Reads a command. Never throws; takes at most `LIMITS.steps` steps. */
export function parseCommand(command: unknown): Parsed {
  if (typeof command !== 'string') return { ok: false, reason: 'The command is not text.' }
  if (command.length > LIMITS.characters)
    return { ok: false, reason: `The command is longer than ${LIMITS.characters} characters.` }
  if (!PLAIN.test(command)) {
    const found = FORBIDDEN.exec(command)
    if (found !== null)
      return { ok: false, reason: `The command holds the invisible or control character ${codePoint(found[0])}.` }
  }
  try {
    return { ok: true, commands: new Reader(command).list() }
  } catch (error) {
    if (error instanceof NotUnderstood) return { ok: false, reason: error.message }
    throw error
  }
}

type Operator = ';' | '\n' | '&&' | '||' | '|' | 'end'

class Reader {
  readonly #text: string
  #at = 0
  #steps = 0
  #words = 0

  constructor(text: string) {
    this.#text = text
  }

  list(): SimpleCommand[] {
    const commands: SimpleCommand[] = []
    let piped = false
    let needed = ''
    for (;;) {
      this.#blanks()
      const command = this.#simple(piped)
      const operator = this.#operator()
      if (command === undefined) {
        if (operator === '\n' && (needed === '' || piped || needed === '&&' || needed === '||')) continue
        if (operator === 'end' && needed === '') break
        fail(needed === '' ? `A command is missing before \`${operator}\`.` : `A command is missing after \`${needed}\`.`)
      } else {
        commands.push(command)
        if (commands.length > LIMITS.commands) fail(`There are more than ${LIMITS.commands} commands in one.`)
        needed = operator === '&&' || operator === '||' || operator === '|' ? operator : ''
        piped = operator === '|'
        if (operator === 'end') {
          if (needed !== '') fail(`A command is missing after \`${needed}\`.`)
          break
        }
      }
    }
    if (commands.length === 0) fail('There is no command in it.')
    return commands
  }

  #peek(ahead = 0): string {
    return this.#text[this.#at + ahead] ?? ''
  }

  #step(): void {
    if (++this.#steps > LIMITS.steps) fail('The command takes too many steps to read.')
  }

  /** Skips blanks, and a comment where a word could begin. */
  #blanks(): void {
    while (this.#peek() === ' ' || this.#peek() === '\t') {
      this.#step()
      this.#at++
    }
    if (this.#peek() === '#') {
      while (this.#at < this.#text.length && this.#peek() !== '\n') {
        this.#step()
        this.#at++
      }
    }
  }

  #operator(): Operator {
    const first = this.#peek()
    if (first === '') return 'end'
    const second = this.#peek(1)
    if (first === '\n') {
      this.#at++
      return '\n'
    }
    if (first === ';') {
      if (second === ';' || second === '&') fail('`;;` belongs to `case`, which the checker does not read.')
      this.#at++
      return ';'
    }
    if (first === '&') {
      if (second !== '&') fail('`&` starts a command in the background, which the checker does not read.')
      this.#at += 2
      return '&&'
    }
    if (first === '|') {
      if (second === '&') fail('`|&` is not read by the checker; write `2>&1 |`.')
      this.#at += second === '|' ? 2 : 1
      return second === '|' ? '||' : '|'
    }
    return fail(`\`${first}\` is not expected here.`)
  }

  #simple(piped: boolean): SimpleCommand | undefined {
    const words: Word[] = []
    let stdin: Word | undefined
    let redirected = false
    for (;;) {
      this.#step()
      this.#blanks()
      const redirection = this.#redirection()
      if (redirection !== undefined) {
        redirected = true
        if (redirection !== 'output') stdin = redirection
        continue
      }
      const word = this.#word()
      if (word === undefined) break
      if (words.length === 0) {
        if (word.bare && RESERVED.has(word.text))
          fail(`\`${word.text}\` is a word of the shell's own language, which the checker does not read.`)
        if (ASSIGNMENT.test(word.text)) fail('A variable is set; that can change what a later name runs.')
      }
      if (word.text.includes('~')) this.#tilde(word)
      if (++this.#words > LIMITS.words) fail(`There are more than ${LIMITS.words} words.`)
      words.push(word)
    }
    if (words.length === 0) return redirected ? fail('A redirection stands without a command.') : undefined
    return stdin === undefined ? { words, hasInput: piped } : { words, stdin, hasInput: true }
  }

  /** In `name=~/x` and `name=a:~/x` bash puts a home folder for the tilde, in arguments too. */
  #tilde({ text, quoted }: Word): void {
    const head = LIKE_ASSIGNMENT.exec(text)?.[0].length
    if (head === undefined) return
    for (let at = text.indexOf('~', head); at >= 0; at = text.indexOf('~', at + 1))
      if (quoted[at] === 0 && (at === head || text.charAt(at - 1) === ':')) fail('A `~` after `=` or `:` would be expanded.')
  }

  /** `output`: accepted and of no further interest; a word: the file read from; undefined: none stands here. */
  #redirection(): 'output' | Word | undefined {
    const start = this.#at
    let at = start
    while (/[0-9]/.test(this.#text[at] ?? '')) at++
    const fd = this.#text.slice(start, at)
    const both = fd === '' && this.#text[at] === '&' && this.#text[at + 1] === '>'
    if (both) at++
    const arrow = this.#text[at]
    if (arrow !== '>' && arrow !== '<') return undefined
    at++
    if (arrow === '<') {
      const next = this.#text[at]
      if (next === '<') fail('Here-documents and here-strings are not read by the checker.')
      if (next === '(' || next === '>' || next === '&') fail(`\`<${next}\` is not read by the checker.`)
      if (fd !== '' && fd !== '0') fail('Only standard input may be redirected from a file.')
      this.#at = at
      const file = this.#target()
      if (file.pattern) fail('A redirection names its file by a pattern.')
      return file
    }
    let appends = false
    if (this.#text[at] === '>') {
      appends = true
      at++
    }
    if (fd !== '' && fd !== '1' && fd !== '2') fail('Only standard output and standard error may be redirected.')
    const next = this.#text[at]
    if (next === '&' && !appends && !both) {
      this.#at = at + 1
      const target = this.#target()
      if (!target.bare || (target.text !== '1' && target.text !== '2'))
        fail('`>&` may only join standard output and standard error.')
      return 'output'
    }
    if (next === '&' || next === '|' || next === '(') fail(`\`>${next}\` is not read by the checker.`)
    this.#at = at
    const target = this.#target()
    if (target.text !== '/dev/null') fail('It writes to a file by redirection; only `/dev/null` is accepted.')
    return 'output'
  }

  #target(): Word {
    while (this.#peek() === ' ' || this.#peek() === '\t') {
      this.#step()
      this.#at++
    }
    const word = this.#peek() === '#' ? undefined : this.#word()
    if (word === undefined) return fail('A redirection has no file.')
    if (/^[0-9]+$/.test(word.text) && /[<>]/.test(this.#peek()))
      fail('Two redirections run into each other; put a blank between.')
    return word
  }

  /** One word, decoded; undefined where none begins. */
  #word(): Word | undefined {
    let text = ''
    const quoted: number[] = []
    let any = false
    let bare = true
    let pattern = false
    let brace = -1
    const add = (character: string, isQuoted: 0 | 1): void => {
      text += character
      quoted.push(isQuoted)
    }
    for (; this.#at < this.#text.length; ) {
      this.#step()
      const character = this.#peek()
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
        const end = this.#text.indexOf("'", this.#at + 1)
        if (end < 0) fail('A single quote is not closed.')
        for (const unit of this.#text.slice(this.#at + 1, end).split('')) add(unit, 1)
        this.#steps += end - this.#at
        this.#at = end + 1
      } else if (character === '"') {
        bare = false
        this.#at++
        this.#doubleQuoted(add)
      } else if (character === '\\') {
        bare = false
        const next = this.#peek(1)
        if (next === '') fail('A backslash stands at the end.')
        if (next === '\n') fail('A line is continued by a backslash; write it on one line.')
        add(next, 1)
        this.#at += 2
      } else {
        if (character === '$' && AFTER_DOLLAR.test(this.#peek(1))) fail(this.#dollar())
        if (character === '*' || character === '?' || character === '[') pattern = true
        if (character === '{' && brace < 0) brace = text.length
        add(character, 0)
        this.#at++
      }
    }
    if (!any) return undefined
    if (brace >= 0 && bracesExpand(text, quoted)) fail('Braces would be expanded into several words.')
    return { text, quoted: Uint8Array.from(quoted), bare, pattern }
  }

  #doubleQuoted(add: (character: string, isQuoted: 1) => void): void {
    for (;;) {
      this.#step()
      const character = this.#peek()
      if (character === '') fail('A double quote is not closed.')
      if (character === '"') {
        this.#at++
        return
      }
      if (character === '`') fail('A backquote starts another command inside this one.')
      if (character === '\\') {
        const next = this.#peek(1)
        if (next === '\n') fail('A line is continued by a backslash; write it on one line.')
        if (next !== '' && '$`"\\'.includes(next)) {
          add(next, 1)
          this.#at += 2
          continue
        }
      }
      if (character === '$') {
        const next = this.#peek(1)
        if (next !== '"' && AFTER_DOLLAR.test(next)) fail(this.#dollar())
      }
      add(character, 1)
      this.#at++
    }
  }

  #dollar(): string {
    const next = this.#peek(1)
    if (next === '(') return '`$(` starts another command inside this one.'
    if (next === "'" || next === '"' || next === '\\') return 'A quote after `$` hides what the word says.'
    return 'A variable is expanded; its value is not known beforehand.'
  }
}
