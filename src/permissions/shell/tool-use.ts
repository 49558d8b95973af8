// What is known of a command's tool: whether these arguments are on its list, which files they name, what it would start.

import type { ExpandedWord } from './expand.ts'
import { hasHazardTable, hazardOf, proseArguments } from './hazards/index.ts'
import type { PreparedCommand } from './prepare.ts'
import type { KnownUse } from './runners.ts'
import type { Operand } from './tables/port.ts'
import type { Word } from './words.ts'

export interface ToolUse {
  /** Why a grant with a star does not cover it. */
  readonly unlisted: string | undefined
  /** The files it uses; undefined: not known. */
  readonly operands: readonly Operand[] | undefined
  /** Words (by index) that are no files. */
  readonly prose: ReadonlySet<number>
}

const asWord = ({ text, fromPattern, source }: ExpandedWord): Word => ({
  text,
  quoted: source.text === text ? source.quoted : new Uint8Array(text.length).fill(1),
  bare: source.bare,
  pattern: fromPattern && source.text === text,
  emptyQuotes: false,
})

export function toolUseOf(command: PreparedCommand): ToolUse {
  const words = command.words.map(asWord)
  const unlisted = hazardOf(command.source.words) ?? hazardOf(words)
  return { unlisted, operands: undefined, prose: proseArguments(words) }
}

/** Whether claw has a list for a tool. */
export const isKnownTool = hasHazardTable

export const knownUse: KnownUse = (words) => {
  const [name = ''] = words
  if (!hasHazardTable(name)) return undefined
  const plain = words.map((text) => ({
    text,
    quoted: new Uint8Array(text.length),
    bare: true,
    pattern: false,
    emptyQuotes: false,
  }))
  return hazardOf(plain) === undefined ? 'starts-nothing' : 'not-listed'
}
