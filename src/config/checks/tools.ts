// Allowlists name tools that exist and can be offered; a pattern that matches none is told too.

import type { Diagnostic } from '../../errors.ts'
import { isToolPattern, toolMatcher } from '../../tools/match.ts'
import { mapAt } from '../document.ts'
import { suggestion } from '../suggest.ts'
import { agentSections, type Check, type Found, testSteps, textsAt } from './check.ts'

export const checkTools: Check = async ({ doc, scope, registry }) => {
  const problems: Diagnostic[] = []
  const names = new Set(scope.tools)
  const wants = async (found: Found, key: string): Promise<void> => {
    for (const { text, path } of textsAt(found, key)) {
      if (names.has(text)) continue
      if (!isToolPattern(text)) {
        const hint = suggestion(text, scope.tools, 'No tools are known.', 'Tools')
        problems.push(doc.problem('CLAW203', `There is no tool "${text}".`, path, { hint }))
      } else if (!scope.tools.some(await toolMatcher(text.replace(/^!/, '')))) {
        const hint = `Tools: ${scope.tools.join(', ')}.`
        problems.push(doc.problem('CLAW203', `The pattern ${text} matches no tool.`, path, { hint, severity: 'warning' }))
      }
    }
  }
  for (const section of agentSections(doc, scope)) {
    await wants(section, 'tools')
    for (const { text, path } of textsAt(section, 'tools')) {
      const needed = registry.tools.find(({ name }) => name === text)?.settings
      if (needed === undefined || mapAt(doc.value)[needed] !== undefined) continue
      const hint = `Set \`${needed}\`, or leave the tool out.`
      problems.push(
        doc.problem('CLAW203', `\`${text}\` is not offered: it needs \`${needed}\`.`, path, { hint, severity: 'note' }),
      )
    }
  }
  for (const { expect } of testSteps(doc))
    for (const key of ['tools', 'notTools', 'toolCalls', 'notToolCalls']) await wants(expect, key)
  return problems
}
