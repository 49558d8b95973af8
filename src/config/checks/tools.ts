// Allowlists name tools that exist; a pattern that matches none is told too.

import type { Diagnostic } from '../../errors.ts'
import { matchesTool } from '../../tools/match.ts'
import { suggestion } from '../suggest.ts'
import { agentSections, type Check, type Found, testSteps, textsAt } from './check.ts'

export const checkTools: Check = ({ doc, scope }) => {
  const problems: Diagnostic[] = []
  const names = new Set(scope.tools)
  const wants = (found: Found, key: string): void => {
    for (const { text, path } of textsAt(found, key)) {
      if (names.has(text)) continue
      if (!/[*?]/.test(text)) {
        const hint = suggestion(text, scope.tools, 'No tools are known.', 'Tools')
        problems.push(doc.problem('CLAW203', `There is no tool "${text}".`, path, { hint }))
      } else if (!scope.tools.some((tool) => matchesTool(text, tool))) {
        const hint = `Tools: ${scope.tools.join(', ')}.`
        problems.push(doc.problem('CLAW203', `The pattern ${text} matches no tool.`, path, { hint, severity: 'warning' }))
      }
    }
  }
  for (const section of agentSections(doc, scope)) wants(section, 'tools')
  for (const { expect } of testSteps(doc))
    for (const key of ['tools', 'notTools', 'toolCalls', 'notToolCalls']) wants(expect, key)
  return problems
}
