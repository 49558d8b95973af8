// Deny rules match generously: they may refuse too much, never too little. They look through paths, quoting, option order and
// launchers, and into the text that shells and interpreters are given.

import { posix } from 'node:path'
import { globMatch } from '../protected.ts'
import { baseName, riskyKind } from './names.ts'

interface Deny {
  readonly name: string
  readonly options: readonly string[]
  readonly rest: readonly string[]
}

const cache = new Map<string, Deny>()

function parseDeny(pattern: string): Deny {
  const known = cache.get(pattern)
  if (known !== undefined) return known
  const tokens = pattern.split(/\s+/).filter((token) => token !== '')
  while (tokens.length > 1 && /^\*+$/.test(tokens.at(-1) ?? '')) tokens.pop()
  const [name = '*', ...rest] = tokens
  const deny = {
    name: baseName(name).toLowerCase() || '*',
    options: rest.filter((token) => token.startsWith('-')),
    rest: rest.filter((token) => !token.startsWith('-')).map((token) => token.replace(/^(\.\/)+/, '')),
  }
  if (cache.size > 5000) cache.clear()
  cache.set(pattern, deny)
  return deny
}

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

const longMet = (option: string, word: string): boolean =>
  word.length > 2 && word.startsWith('--') && option.startsWith(word.split('=', 1)[0] ?? '')

/**
 * A short cluster `-rf` is met by its letters in any order and any number of words; a long option by its start; either by its
 * twin.
 */
function optionMet(option: string, words: readonly string[]): boolean {
  if (words.some((word) => globMatch(option, word) || longMet(option, word))) return true
  const given = words.filter((word) => /^-[^-]/.test(word)).join('')
  const letters = /^-([A-Za-z0-9]+)$/.exec(option)?.[1]
  if (letters === undefined) {
    const short = TWINS.find(([, long]) => option === `--${long}`)?.[0] ?? ''
    return words.some((word) => word.startsWith(`${option}=`)) || [...short].some((letter) => given.includes(letter))
  }
  return [...letters].every((letter) => {
    const twin = TWINS.find(([all]) => all.includes(letter))
    if (twin === undefined) return given.includes(letter)
    return [...twin[0]].some((one) => given.includes(one)) || words.some((word) => longMet(`--${twin[1]}`, word))
  })
}

/** A file or pattern rather than a sub-command: it may stand among others, in any spelling of its path. */
const LIKE_A_FILE = /[*?[/.~]/

/** Whether the rest of a rule follows a command's name, options (and one value each) skipped. */
function restMet(rest: readonly string[], words: readonly string[]): boolean {
  let at = 0
  for (const token of rest) {
    for (;;) {
      const word = words[at]
      if (word === undefined) return false
      at++
      if (globMatch(token, word) || globMatch(token, baseName(word)) || globMatch(token, posix.normalize(word))) break
      const previous = words[at - 2] ?? ''
      if (!LIKE_A_FILE.test(token) && !word.startsWith('-') && !previous.startsWith('-')) return false
    }
  }
  return true
}

/** Whether a rule refuses a command given as words, at its first word only. */
function ruleMeets(deny: Deny, words: readonly string[]): boolean {
  const name = words[0]
  if (name === undefined || !globMatch(deny.name, baseName(name).toLowerCase())) return false
  const args = words.slice(1)
  return restMet(deny.rest, args) && deny.options.every((option) => optionMet(option, args))
}

/** The rule that refuses a simple command, or undefined. */
export function deniedBy(patterns: readonly string[], words: readonly string[]): string | undefined {
  if (patterns.length === 0) return undefined
  const risky =
    riskyKind(baseName(words[0] ?? '')) !== undefined || words.some((word) => word.startsWith('-exec') || word.startsWith('-ok'))
  for (const pattern of patterns) {
    const deny = parseDeny(pattern)
    if (ruleMeets(deny, words)) return pattern
    if (!risky) continue
    for (let i = 1; i < words.length; i++)
      if (ruleMeets(deny, words.slice(i)) || textMeets(deny, words[i] as string)) return pattern
  }
  return undefined
}

/** Whether a rule's command seems to stand anywhere in a program's text. */
function textMeets(deny: Deny, text: string): boolean {
  const words = text
    .replace(/["'\\]/g, '')
    .split(/[\s;&|<>(){},`$=[\]]+/)
    .filter((word) => word !== '')
  return words.some((_, index) => ruleMeets(deny, words.slice(index)))
}

/** The rule that seems to refuse text that could not be parsed. */
export const textDeniedBy = (patterns: readonly string[], text: string): string | undefined =>
  patterns.find((pattern) => textMeets(parseDeny(pattern), text))
