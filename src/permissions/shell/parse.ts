// Text → simple commands, by a closed grammar: what is not listed here is not understood, and what is not understood asks.

import { firstInvisible } from '../invisible.ts'
import { fail, LIMITS, NotUnderstood, type Word, WordReader } from './words.ts'

/** `<` and the file it reads, or one that discards or joins output and needs no verdict, as `2>/dev/null` or `>&2`. */
export type Redirection = { readonly reads: Word } | { readonly output: string }

/** What stands between two commands. */
export type Joiner = ';' | '\n' | '&&' | '||' | '|'

export interface SimpleCommand {
  readonly words: readonly Word[]
  /** In the order they were written. */
  readonly redirections: readonly Redirection[]
  /** Reads from the pipe on its left, or from a file. */
  readonly hasInput: boolean
  /** What joins the next command to it. */
  readonly joiner: Joiner | 'end'
}

export type Parsed =
  | { readonly ok: true; readonly commands: readonly SimpleCommand[] }
  | { readonly ok: false; readonly reason: string }

const RESERVED = new Set(
  'if then elif else fi case esac for select while until do done in function time { } ! [[ ]] coproc'.split(' '),
)
const ASSIGNMENT = /^[A-Za-z_][A-Za-z0-9_]*(\[[^\]]*\])?\+?=/
const LIKE_ASSIGNMENT = /^[A-Za-z_][A-Za-z0-9_]*\+?=/

/** Reads a command. Never throws; takes at most `LIMITS.steps` steps. */
export function parseCommand(command: unknown): Parsed {
  if (typeof command !== 'string') return { ok: false, reason: 'The command is not text.' }
  if (command.length > LIMITS.characters)
    return { ok: false, reason: `The command is longer than ${LIMITS.characters} characters.` }
  const invisible = firstInvisible(command)
  if (invisible !== undefined) return { ok: false, reason: `The command holds the invisible or control character ${invisible}.` }
  try {
    return { ok: true, commands: new CommandReader(command).list() }
  } catch (error) {
    if (error instanceof NotUnderstood) return { ok: false, reason: error.message }
    throw error
  }
}

type Simple = Omit<SimpleCommand, 'joiner'>

class CommandReader extends WordReader {
  #words = 0

  list(): SimpleCommand[] {
    const commands: SimpleCommand[] = []
    let piped = false
    let needed = ''
    for (;;) {
      this.blanks()
      const command = this.#simple(piped)
      const operator = this.#operator()
      if (command === undefined) {
        if (operator === '\n' && (needed === '' || piped || needed === '&&' || needed === '||')) continue
        if (operator === 'end' && needed === '') break
        fail(needed === '' ? `A command is missing before \`${operator}\`.` : `A command is missing after \`${needed}\`.`)
      } else {
        commands.push({ ...command, joiner: operator })
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

  #operator(): Joiner | 'end' {
    const first = this.peek()
    if (first === '') return 'end'
    const second = this.peek(1)
    if (first === '\n') {
      this.at++
      return '\n'
    }
    if (first === ';') {
      if (second === ';' || second === '&') fail('`;;` belongs to `case`, which the checker does not read.')
      this.at++
      return ';'
    }
    if (first === '&') {
      if (second !== '&') fail('`&` starts a command in the background, which the checker does not read.')
      this.at += 2
      return '&&'
    }
    if (first === '|') {
      if (second === '&') fail('`|&` is not read by the checker; write `2>&1 |`.')
      this.at += second === '|' ? 2 : 1
      return second === '|' ? '||' : '|'
    }
    return fail(`\`${first}\` is not expected here.`)
  }

  #simple(piped: boolean): Simple | undefined {
    const words: Word[] = []
    const redirections: Redirection[] = []
    for (;;) {
      this.step()
      this.blanks()
      const redirection = this.#redirection()
      if (redirection !== undefined) {
        redirections.push(redirection)
        continue
      }
      const word = this.word()
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
    if (words.length === 0) return redirections.length > 0 ? fail('A redirection stands without a command.') : undefined
    return { words, redirections, hasInput: piped || redirections.some((one) => 'reads' in one) }
  }

  /** In `name=~/x` and `name=a:~/x` bash puts a home folder for the tilde, in arguments too. */
  #tilde({ text, quoted }: Word): void {
    const head = LIKE_ASSIGNMENT.exec(text)?.[0].length
    if (head === undefined) return
    for (let at = text.indexOf('~', head); at >= 0; at = text.indexOf('~', at + 1))
      if (quoted[at] === 0 && (at === head || text.charAt(at - 1) === ':')) fail('A `~` after `=` or `:` would be expanded.')
  }

  /** undefined: none stands here. */
  #redirection(): Redirection | undefined {
    const start = this.at
    let at = start
    while (/[0-9]/.test(this.text[at] ?? '')) at++
    const fd = this.text.slice(start, at)
    const both = fd === '' && this.text[at] === '&' && this.text[at + 1] === '>'
    if (both) at++
    const arrow = this.text[at]
    if (arrow !== '>' && arrow !== '<') return undefined
    at++
    if (arrow === '<') {
      const next = this.text[at]
      if (next === '<') fail('Here-documents and here-strings are not read by the checker.')
      if (next === '(' || next === '>' || next === '&') fail(`\`<${next}\` is not read by the checker.`)
      if (fd !== '' && fd !== '0') fail('Only standard input may be redirected from a file.')
      this.at = at
      const file = this.#target()
      if (file.pattern) fail('A redirection names its file by a pattern.')
      return { reads: file }
    }
    let appends = false
    if (this.text[at] === '>') {
      appends = true
      at++
    }
    if (fd !== '' && fd !== '1' && fd !== '2') fail('Only standard output and standard error may be redirected.')
    const next = this.text[at]
    if (next === '&' && !appends && !both) {
      this.at = at + 1
      const target = this.#target()
      if (!target.bare || (target.text !== '1' && target.text !== '2'))
        fail('`>&` may only join standard output and standard error.')
      return { output: `${fd}>&${target.text}` }
    }
    if (next === '&' || next === '|' || next === '(') fail(`\`>${next}\` is not read by the checker.`)
    this.at = at
    const target = this.#target()
    if (target.text !== '/dev/null') fail('It writes to a file by redirection; only `/dev/null` is accepted.')
    return { output: `${both ? '&' : fd}>${appends ? '>' : ''}/dev/null` }
  }

  #target(): Word {
    while (this.peek() === ' ' || this.peek() === '\t') {
      this.step()
      this.at++
    }
    const word = this.peek() === '#' ? undefined : this.word()
    if (word === undefined) return fail('A redirection has no file.')
    if (/^[0-9]+$/.test(word.text) && /[<>]/.test(this.peek())) fail('Two redirections run into each other; put a blank between.')
    return word
  }
}
