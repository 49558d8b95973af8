// All kinds of operands and values that lists name.

import { FILES } from './kinds/files.ts'
import { GIT } from './kinds/git.ts'
import { type KindFit, type KindRule, NONE } from './kinds/rule.ts'
import { WEB } from './kinds/web.ts'
import { WORDS } from './kinds/words.ts'
import type { Place } from './port.ts'

const RULES = { ...WORDS, ...FILES, ...GIT, ...WEB } as const satisfies Record<string, KindRule>

export type KindName = keyof typeof RULES

/** Kinds whose words are files, so that a pathname pattern may be written for them. */
export const FILE_KINDS: ReadonlySet<string> = new Set<KindName>([
  'argument',
  'read',
  'tree',
  'shown-tree',
  'write',
  'write-tree',
  'target',
  'edited',
  'packed',
  'target-tree',
  'pathspec',
  'staged',
  'written-pathspec',
  'test',
])

/** What a kind is called in the documentation. */
export const aboutKind = (kind: string): string =>
  kind.includes('|')
    ? kind
        .split('|')
        .map((one) => `\`${one}\``)
        .join(', ')
    : RULES[kind as KindName].about

/** Whether a text is of a kind, and which files it names. */
export function fitsKind(kind: string, text: string, place: Place, sources: readonly string[]): KindFit {
  if (kind.includes('|')) return kind.split('|').includes(text) ? NONE : { no: `it is none of ${kind.split('|').join(', ')}` }
  return RULES[kind as KindName].fit(text, place, sources)
}
