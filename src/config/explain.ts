// The long form of every code: what it means, why it matters, how to fix it, before and after.

import { CODES, type Code } from '../errors.ts'
import type { Explanation } from './explain/explanation.ts'
import { FILE_EXPLANATIONS } from './explain/files.ts'
import { MEANING_EXPLANATIONS } from './explain/meaning.ts'
import { SAFETY_EXPLANATIONS } from './explain/safety.ts'
import { SHAPE_EXPLANATIONS } from './explain/shape.ts'

export const EXPLANATIONS: Readonly<Record<Code, Explanation>> = {
  ...FILE_EXPLANATIONS,
  ...SHAPE_EXPLANATIONS,
  ...MEANING_EXPLANATIONS,
  ...SAFETY_EXPLANATIONS,
}

const indent = (text: string): string => text.replace(/^(?=.)/gm, '    ')

/** For a terminal. */
export function explain(code: Code): string {
  const { severity, title } = CODES[code]
  const { what, why, fix, before, after } = EXPLANATIONS[code]
  return `${code} ${severity}: ${title}\n\n${what}\n${why}\n\n${fix}\n\n  Before:\n${indent(before)}\n\n  After:\n${indent(after)}\n`
}

/** The whole catalogue as a page. */
export function errorsMarkdown(): string {
  const parts = (Object.keys(CODES) as Code[]).map((code) => {
    const { severity, title } = CODES[code]
    const { what, why, fix, before, after } = EXPLANATIONS[code]
    return `## ${code}: ${title}\n\n*${severity}*\n\n${what} ${why}\n\n${fix}\n\nBefore:\n\n\`\`\`yaml\n${before}\n\`\`\`\n\nAfter:\n\n\`\`\`yaml\n${after}\n\`\`\`\n`
  })
  const head =
    '# Diagnostics\n\nMade from the catalogue in the code; `claw explain CODE` prints one entry. An error makes a configuration invalid, a warning fails `claw validate --strict`, a note only informs.\n'
  return [head, ...parts].join('\n')
}
