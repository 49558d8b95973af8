// Patterns of rules and tests run in linear time, or not at all.

import type { Diagnostic } from '../../errors.ts'
import { loadPatterns } from '../../plan/text-match.ts'
import { mapAt, textAt } from '../document.ts'
import type { Path } from '../shape.ts'
import { type Check, rulesOf, testSteps } from './check.ts'

export const checkPatterns: Check = async ({ doc }) => {
  const found: { text: string; path: Path }[] = []
  const add = (text: string | undefined, path: Path): void => {
    if (text !== undefined && text !== '') found.push({ text, path })
  }
  for (const { value, path } of rulesOf(doc)) {
    add(textAt(value, 'pattern'), [...path, 'pattern'])
    add(textAt(mapAt(value['not']), 'pattern'), [...path, 'not', 'pattern'])
  }
  for (const { expect } of testSteps(doc)) add(textAt(expect.value, 'replyPattern'), [...expect.path, 'replyPattern'])
  if (found.length === 0) return []
  const patterns = await loadPatterns(found.map(({ text }) => text))
  const problems: Diagnostic[] = []
  for (const { text, path } of found) {
    const { ok, reason = 'cannot be read' } = patterns.analyse(text)
    if (ok) continue
    const hint = 'Lookaround and backreferences are not supported; `(?i)` in front ignores case.'
    problems.push(doc.problem('CLAW305', `The pattern ${reason}.`, path, { hint }))
  }
  return problems
}
