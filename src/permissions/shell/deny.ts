// Deny rules match generously: they may refuse too much, never too little. They look through paths, quoting, option order and
// launchers, and into the text that shells and interpreters are given.

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
    rest: rest.filter((token) => !token.startsWith('-')),
  }
  if (cache.size > 5000) cache.clear()
  cache.set(pattern, deny)
  return deny
}

/** A short cluster `-rf` is met by its letters in any order and any number of words; a long option by its start. */
function optionMet(option: string, words: readonly string[]): boolean {
  if (
    words.some(
      (word) =>
        globMatch(option, word) || (word.length > 2 && word.startsWith('--') && option.startsWith(word.split('=', 1)[0] ?? '')),
    )
  )
    return true
  const letters = /^-([A-Za-z0-9]+)$/.exec(option)?.[1]
  if (letters === undefined) return words.some((word) => word.startsWith(`${option}=`))
  const given = words.filter((word) => /^-[^-]/.test(word)).join('')
  return [...letters].every((letter) => given.includes(letter))
}

/** Whether the rest of a rule follows a command's name, options (and one value each) skipped. */
function restMet(rest: readonly string[], words: readonly string[]): boolean {
  let at = 0
  for (const token of rest) {
    for (;;) {
      const word = words[at]
      if (word === undefined) return false
      at++
      if (globMatch(token, word) || globMatch(token, baseName(word))) break
      const previous = words[at - 2] ?? ''
      if (!word.startsWith('-') && !previous.startsWith('-')) return false
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
