// Grants: word patterns from the configuration and from what people remembered, compared word by word with what was parsed.
// `\ `, `\*` and `\\` in a pattern stand for a blank, a star and a backslash, so that any word can be written exactly.

import { changesShell, isHarmlessBuiltin } from './builtins.ts'
import type { ExpandedWord } from './expand.ts'
import { baseName, riskyKind } from './names.ts'
import type { SimpleCommand } from './parse.ts'
import type { PreparedCommand } from './prepare.ts'
import { hasTable, neverCovers, pinsForm } from './tables/index.ts'
import type { ToolUse } from './tool-use.ts'

/** One token of a pattern; `star`: it holds a star that is not escaped. Parts are the literal texts between its stars. */
export interface GrantToken {
  readonly parts: readonly string[]
  readonly star: boolean
}

export interface Grant {
  readonly source: string
  readonly tokens: readonly GrantToken[]
  /** Ends in a lone star: any further arguments. */
  readonly open: boolean
  /** Holds no star at all. */
  readonly exact: boolean
}

const cache = new Map<string, Grant>()

/** Splits a pattern at blanks. */
export function parseGrant(source: string): Grant {
  const known = cache.get(source)
  if (known !== undefined) return known
  const tokens: GrantToken[] = []
  let parts: string[] | undefined
  const close = (): void => {
    if (parts !== undefined) tokens.push({ parts, star: parts.length > 1 })
    parts = undefined
  }
  for (let i = 0; i < source.length; i++) {
    const character = source.charAt(i)
    const next = source.charAt(i + 1)
    if (character === ' ' || character === '\t' || character === '\n') close()
    else if (character === '*') {
      parts ??= ['']
      parts.push('')
    } else {
      parts ??= ['']
      const escaped = character === '\\' && (next === ' ' || next === '*' || next === '\\')
      parts[parts.length - 1] += escaped ? next : character
      if (escaped) i++
    }
  }
  close()
  const last = tokens.at(-1)
  const open = tokens.length > 1 && last !== undefined && last.star && last.parts.every((part) => part === '')
  if (open) tokens.pop()
  const grant = { source, tokens, open, exact: !open && tokens.every((token) => !token.star) }
  if (cache.size > 5000) cache.clear()
  cache.set(source, grant)
  return grant
}

/** Whether the literal parts stand in the text in order, the first at its start and the last at its end. */
function partsMatch(parts: readonly string[], text: string): boolean {
  const first = parts[0] ?? ''
  const last = parts.at(-1) ?? ''
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false
  let at = first.length
  const limit = text.length - last.length
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at)
    if (found < 0 || found + part.length > limit) return false
    at = found + part.length
  }
  return true
}

const hasDotDot = (text: string): boolean => /(^|[/=:])\.\.([/]|$)/.test(text)

/** All that a word became fits: an exact token only where it is that word, one with a star also where a pattern met names. */
function tokenMatches(token: GrantToken, group: readonly ExpandedWord[]): boolean {
  const [only] = group
  if (!token.star) {
    if (only === undefined || group.length > 1 || only.fromPattern) return false
    return only.text === token.parts[0] || only.source.text === token.parts[0]
  }
  return group.every(({ text }) => !/\s/.test(text) && !hasDotDot(text) && partsMatch(token.parts, text))
}

/** Whether a grant's words fit a command's words as they were written; lists and protected files are not looked at. */
function grantFits(grant: Grant, { groups }: PreparedCommand): boolean {
  const { tokens } = grant
  if (tokens[0]?.star !== false) return false
  if (groups.length < tokens.length || (!grant.open && groups.length !== tokens.length)) return false
  return tokens.every((token, index) => tokenMatches(token, groups[index] as readonly ExpandedWord[]))
}

export type GrantVerdict =
  | { readonly by: string; readonly exact: boolean }
  | { readonly refusedBy: string; readonly reason: string }
  | undefined

/** Looks for a grant that covers a command; tells apart "none fits" (undefined) and "one fits, but" (the tool's list does not let it through). */
export function grantedBy(patterns: readonly string[], command: PreparedCommand, use: ToolUse): GrantVerdict {
  let but: GrantVerdict
  const name = command.words[0]?.text ?? ''
  const builtin = changesShell(command.words.map((word) => word.text))
  for (const pattern of patterns) {
    const grant = parseGrant(pattern)
    if (!grantFits(grant, command)) continue
    if (builtin !== undefined) {
      but = { refusedBy: pattern, reason: `\`${builtin}\` changes the shell itself; no grant covers it.` }
      continue
    }
    if (!grant.exact) {
      const kind = riskyKind(name)
      if (kind !== undefined && !pinsForm(name, fixedWords(grant))) {
        but = { refusedBy: pattern, reason: `\`${name}\` is ${kind}; a grant with a star does not cover it.` }
        continue
      }
      if (use.unlisted !== undefined) {
        but = { refusedBy: pattern, reason: use.unlisted }
        continue
      }
    }
    return { by: pattern, exact: grant.exact }
  }
  return but
}

/** For configuration checks: an error is CLAW404, a warning CLAW405. */
export type GrantCheck = { readonly ok: true } | { readonly error: string } | { readonly warning: string }

/** Says whether a pattern may stand in `allow`. */
export function checkGrant(pattern: string): GrantCheck {
  const grant = parseGrant(pattern)
  const first = grant.tokens[0]
  if (first === undefined) return { error: 'The grant is empty.' }
  const name = first.parts[0] ?? ''
  if (first.star) return { error: `\`${pattern}\` does not name one command: a star in its first word would allow many.` }
  const builtin = changesShell(grant.tokens.map((token) => token.parts.join('*')))
  if (builtin !== undefined) return { error: `\`${builtin}\` changes the shell itself, so it can never be granted.` }
  const kind = riskyKind(baseName(name))
  const fixed = fixedWords(grant)
  if (!grant.exact && kind !== undefined && !pinsForm(name, fixed))
    return { error: `\`${name}\` is ${kind}: with a star the grant would allow any program. Grant the exact command instead.` }
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.+-]*$/.test(name))
    return { warning: `\`${name}\` can never match: a command must be a bare name, found by the fixed PATH.` }
  if (grant.exact) return { ok: true }
  if (isHarmlessBuiltin(name)) return { ok: true }
  if (!hasTable(name)) return { warning: `claw has no list for \`${name}\`, so the star allows all its options.` }
  const never = neverCovers(name, fixed)
  return never === undefined
    ? { ok: true }
    : { warning: `\`${pattern}\` never matches: ${never} Grant the exact command instead.` }
}

/** The words behind the name that hold no star. */
const fixedWords = ({ tokens }: Grant): readonly string[] =>
  tokens.slice(1).flatMap((token) => (token.star ? [] : [token.parts[0] ?? '']))

/** The exact grant for one command, or undefined where none may be remembered or can say it. */
export function grantFor(command: SimpleCommand): string | undefined {
  const name = command.words[0]?.text ?? ''
  if (riskyKind(name) !== undefined || changesShell(command.words.map((word) => word.text)) !== undefined) return undefined
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.+-]*$/.test(name) || command.redirections.some((one) => 'reads' in one)) return undefined
  const tokens: string[] = []
  for (const word of command.words) {
    if (word.pattern || word.text === '' || /[\t\n]/.test(word.text)) return undefined
    tokens.push(word.text.replace(/\\(?=[ *\\]|$)|[ *]/g, '\\$&'))
  }
  return tokens.join(' ')
}
