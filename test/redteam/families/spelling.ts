// Ways to write the same words: quotes, backslashes and empty pieces that bash takes away again.

import type { Random } from '../random.ts'

const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/

/** One word in another spelling that bash reads as the same. */
export function disguise(word: string, random: Random): string {
  if (!PLAIN.test(word) || word === '') return word
  const at = random.below(word.length)
  const [before, after] = [word.slice(0, at), word.slice(at)]
  return random.pick([
    () => `'${word}'`,
    () => `"${word}"`,
    () => `${before}''${after}`,
    () => `${before}""${after}`,
    () => `${before}\\${after}`,
    () => `"${before}"'${after}'`,
    () => `${before}"${after}"`,
    () => `$'${word}'`,
    () => `$"${word}"`,
    () => `${before}$''${after}`,
    () => `{${word},}`,
    () => `${before}\\\n${after}`,
  ])()
}

/** A pattern that bash may turn into the word, where a file of that name exists. */
export function patternFor(word: string, random: Random): string {
  const at = random.below(word.length)
  const letter = word.charAt(at)
  if (!/[A-Za-z0-9._-]/.test(letter)) return word
  const classes = /[a-z]/.test(letter)
    ? ['[[:lower:]]', '[[:alpha:]]', '[a-z]', '[!A-Z]', '[[:alnum:]]', "[a'-'z]", `[[=${letter}=]]`, `[[.${letter}.]]`]
    : ['[!z]', '[^q]', '[[:punct:]]', '[[:graph:]]']
  const piece = random.pick(['?', '*', `[${letter}]`, `[${letter}\\]]`, `@(${letter})`, ...classes])
  return word.slice(0, at) + piece + word.slice(at + 1)
}

/** A start of a long option that some tools take for the whole. */
export const abbreviate = (option: string, random: Random): string =>
  option.length < 4 ? option : option.slice(0, 3 + random.below(option.length - 3))

export const SEPARATORS = [' ; ', ' && ', ' || ', ' | ', '\n', ';', '&&', '|']
