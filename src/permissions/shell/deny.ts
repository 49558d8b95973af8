// Deny rules match generously: they may refuse too much, never too little. They look through paths, quoting, option order and
// launchers, and into the text that shells and interpreters are given. Steps grow with the length of the text, not its square.

import { posix } from 'node:path'
import { globMatch } from '../protected.ts'
import { baseName } from './names.ts'

type Test = (word: string) => boolean

interface Deny {
  readonly name: Test
  /** Its words that hold no star. */
  readonly literals: readonly string[]
  /** Each of them stands somewhere among the words. */
  readonly options: readonly ((words: readonly string[]) => boolean)[]
  /** Sub-command and files, in this order. */
  readonly rest: readonly RestToken[]
}

interface RestToken {
  readonly met: Test
  /** It may stand among other files; a sub-command may not. */
  readonly anywhere: boolean
}

const cache = new Map<string, Deny>()

function parseDeny(pattern: string): Deny {
  const known = cache.get(pattern)
  if (known !== undefined) return known
  const tokens = pattern.split(/\s+/).filter((token) => token !== '')
  while (tokens.length > 1 && /^\*+$/.test(tokens.at(-1) ?? '')) tokens.pop()
  const [first = '*', ...rest] = tokens
  const name = globTest(baseName(first).toLowerCase() || '*')
  const deny = {
    name: (word: string): boolean => name(baseName(word).toLowerCase()),
    literals: [baseName(first), ...rest].filter((token) => !/[*?[]/.test(token)),
    options: rest.filter((token) => token.startsWith('-')).map(optionTest),
    rest: rest.filter((token) => !token.startsWith('-')).map(restToken),
  }
  if (cache.size > 5000) cache.clear()
  cache.set(pattern, deny)
  return deny
}

const globTest = (pattern: string): Test =>
  /[*?[]/.test(pattern) ? (word) => globMatch(pattern, word) : (word) => word === pattern

/** Letters and the long options that nearly every tool means by them: who denies one denies the other. */
const TWINS: readonly (readonly [letters: string, long: string])[] = [
  ['rR', 'recursive'],
  ['f', 'force'],
  ['dD', 'delete'],
  ['a', 'all'],
  ['g', 'global'],
  ['y', 'yes'],
  ['i', 'in-place'],
]

/**
 * A short cluster `-rf` is met by its letters in any order and any number of words; a long option by its start; either by its
 * twin.
 */
function optionTest(option: string): (words: readonly string[]) => boolean {
  const glob = globTest(option)
  const letters = /^-([A-Za-z0-9]+)$/.exec(option)?.[1]
  const isStart = (long: string, word: string): boolean =>
    word.length > 2 && word.startsWith('--') && long.startsWith(word.split('=', 1)[0] ?? '')
  const lettersOf = (words: readonly string[]): string => words.filter((word) => /^-[^-]/.test(word)).join('')
  const whole = (words: readonly string[]): boolean => words.some((word) => glob(word) || isStart(option, word))
  if (letters === undefined) {
    const short = [...(TWINS.find(([, long]) => option === `--${long}`)?.[0] ?? '')]
    return (words) => {
      if (whole(words) || words.some((word) => word.startsWith(`${option}=`))) return true
      const given = lettersOf(words)
      return short.some((letter) => given.includes(letter))
    }
  }
  const each = [...letters].map((letter) => TWINS.find(([all]) => all.includes(letter)) ?? ([letter, ''] as const))
  return (words) => {
    if (whole(words)) return true
    const given = lettersOf(words)
    return each.every(
      ([same, long]) =>
        [...same].some((letter) => given.includes(letter)) || (long !== '' && words.some((word) => isStart(`--${long}`, word))),
    )
  }
}

function restToken(token: string): RestToken {
  const plain = token.replace(/^(\.\/)+/, '')
  const glob = globTest(plain)
  return {
    met: (word) => glob(word) || glob(baseName(word)) || (word.includes('/') && glob(posix.normalize(word))),
    anywhere: /[*?[/.~]/.test(token),
  }
}

/**
 * Whether the rest of a rule follows a command's name at `start`, options (and one value each) skipped. What was looked at in
 * vain is noted in `seen`, and not looked at again from another start.
 */
function restMet(rest: readonly RestToken[], words: readonly string[], start: number, seen?: Set<number>): boolean {
  let at = start + 1
  for (const [index, token] of rest.entries()) {
    for (;;) {
      const word = words[at]
      const mark = index * words.length + at
      if (word === undefined || seen?.has(mark) === true) return false
      seen?.add(mark)
      at++
      if (token.met(word)) break
      if (!token.anywhere && !word.startsWith('-') && words[at - 2]?.startsWith('-') !== true) return false
    }
  }
  return true
}

/** Whether a rule refuses a command given as words, at its first word only. */
function ruleMeets(deny: Deny, words: readonly string[]): boolean {
  const [name, ...args] = words
  return name !== undefined && deny.name(name) && restMet(deny.rest, words, 0) && deny.options.every((met) => met(args))
}

/** Whether a rule's command seems to begin at any of the words; its options may stand anywhere after the first that could. */
function meetsAnywhere(deny: Deny, words: readonly string[]): boolean {
  let first = -1
  const seen = new Set<number>()
  for (let at = 0; at < words.length; at++) {
    if (!deny.name(words[at] as string)) continue
    if (first < 0) {
      first = at
      const after = words.slice(at + 1)
      if (!deny.options.every((met) => met(after))) return false
    }
    if (restMet(deny.rest, words, at, seen)) return true
  }
  return false
}

/** A simple command as rules see it. */
export interface DenySubject {
  readonly words: readonly string[]
  /** It may start other programs, so each of its words is read as one, and as the text of one. */
  readonly mayStart: boolean
  /** Whether the word at an index, written as a pattern, could stand for a text. */
  couldBe?(index: number, text: string): boolean
}

/** The rule that refuses a simple command, or undefined. */
export function deniedBy(patterns: readonly string[], subject: DenySubject): string | undefined {
  if (patterns.length === 0) return undefined
  const { mayStart, couldBe } = subject
  const texts = mayStart ? subject.words.slice(1).map(wordsOf) : []
  return patterns.find((pattern) => {
    const deny = parseDeny(pattern)
    const words =
      couldBe === undefined
        ? subject.words
        : subject.words.map((word, index) => deny.literals.find((literal) => couldBe(index, literal)) ?? word)
    if (ruleMeets(deny, words)) return true
    return mayStart && (meetsAnywhere(deny, words.slice(1)) || texts.some((text) => meetsAnywhere(deny, text)))
  })
}

/** The words of a program's text, as far as they can be told. */
const wordsOf = (text: string): readonly string[] =>
  text
    .replace(/["'\\]/g, '')
    .split(/[\s;&|<>(){},`$=!@[\]]+/)
    .filter((word) => word !== '')

/** The rule that seems to refuse text that could not be parsed. A pattern in it may stand for what a rule names. */
export function textDeniedBy(patterns: readonly string[], text: string): string | undefined {
  if (patterns.length === 0) return undefined
  const words = wordsOf(text)
  const wild = /[*?[]/.test(text) ? wordsOf(text.replace(/\[[^\s[\]]*(\[:[a-z]+:\][^\s[\]]*)*\]/g, '?')) : []
  return patterns.find((pattern) => {
    const deny = parseDeny(pattern)
    if (meetsAnywhere(deny, words)) return true
    if (wild.length === 0) return false
    const stoodFor = (word: string): string => deny.literals.find((literal) => globMatch(baseName(word), literal)) ?? word
    return meetsAnywhere(
      deny,
      wild.map((word) => (/[^*?/]/.test(word) && /[*?]/.test(word) ? stoodFor(word) : word)),
    )
  })
}
