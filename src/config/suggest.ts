// A misspelled name and the names in scope → the words "did you mean …", or nothing when none is near.

import { distance } from 'fastest-levenshtein'

/** The nearest of the names, when it is near enough to be meant. */
export function nearest(name: string, names: Iterable<string>): string | undefined {
  let best: string | undefined
  let least = Math.max(1, Math.floor(name.length / 3)) + 1
  for (const candidate of names) {
    if (candidate === name || Math.abs(candidate.length - name.length) >= least) continue
    const far = candidate.toLowerCase() === name.toLowerCase() ? 0 : swapped(name, candidate) ? 1 : distance(name, candidate)
    if (far < least) {
      least = far
      best = candidate
    }
  }
  return best ?? byWord(name, names)
}

/** `botToken` where `token` is known, `agent` where `agentId` is: people bring the keys of other programs. */
function byWord(name: string, names: Iterable<string>): string | undefined {
  const words = wordsOf(name)
  const fits = [...names].filter((candidate) => {
    const own = wordsOf(candidate)
    const shared = own.filter((word) => word.length >= 4 && words.includes(word)).length
    return candidate !== name && shared > 0 && Math.min(own.length, words.length) === 1
  })
  return fits.length === 1 ? fits[0] : undefined
}

const wordsOf = (name: string): readonly string[] =>
  name
    .split(/[-_.\s]|(?<=[a-z])(?=[A-Z])/)
    .filter((word) => word !== '')
    .map((word) => word.toLowerCase())

/** Two neighbours changed places: the commonest slip of the hand, which plain edit distance counts twice. */
function swapped(a: string, b: string): boolean {
  if (a.length !== b.length) return false
  let at = 0
  while (at < a.length && a[at] === b[at]) at++
  return a[at] === b[at + 1] && a[at + 1] === b[at] && a.slice(at + 2) === b.slice(at + 2)
}

const SHOWN = 8

/** A hint for a name that is not among those in scope. `none` is said when there are no names. */
export function suggestion(name: string, names: readonly string[], none: string, listed = 'Known'): string {
  const parts = name.split(/[\s;|]+/)
  if (parts.length > 1 && parts.every((part) => names.includes(part))) return `A comma is missing: ${parts.join(', ')}.`
  const near = nearest(name, names)
  if (near !== undefined) return `Did you mean "${near}"?`
  if (names.length === 0) return none
  const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : ''
  return `${listed}: ${names.slice(0, SHOWN).join(', ')}${more}.`
}
