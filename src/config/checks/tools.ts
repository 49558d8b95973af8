// Allowlists name tools that exist and can be offered; a pattern that matches none is told too.

import type { Diagnostic } from '../../errors.ts'
import { mcpToolName } from '../../plan/mcp-tool-name.ts'
import { isToolPattern, toolMatcher } from '../../tools/match.ts'
import { mapAt } from '../document.ts'
import { suggestion } from '../suggest.ts'
import { agentSections, type Check, type Found, testSteps, textsAt } from './check.ts'

export const checkTools: Check = async ({ doc, scope, registry }) => {
  const problems: Diagnostic[] = []
  const names = new Set(scope.tools)
  const servers = Object.keys(mapAt(doc.value, 'mcpServers'))
  const wants = async (found: Found, key: string): Promise<void> => {
    for (const { text, path } of textsAt(found, key)) {
      if (names.has(text)) continue
      const isPattern = isToolPattern(text)
      if (isPattern && scope.tools.some(await toolMatcher(text.replace(/^!/, '')))) continue
      const server = servers.find((name) => text.replace(/^!/, '').startsWith(mcpToolName(name, '')))
      if (server !== undefined) {
        const message = `No accepted tool of the MCP server ${server} is called ${text}.`
        const hint = `See what it offers: claw mcp tools ${server}. Accept it: claw mcp accept ${server}.`
        problems.push(doc.problem('CLAW203', message, path, { hint, severity: isPattern ? 'note' : 'warning' }))
      } else if (isPattern) {
        const hint = `Tools: ${scope.tools.join(', ')}.`
        problems.push(doc.problem('CLAW203', `The pattern ${text} matches no tool.`, path, { hint, severity: 'warning' }))
      } else {
        const hint = suggestion(text, scope.tools, 'No tools are known.', 'Tools')
        problems.push(doc.problem('CLAW203', `There is no tool "${text}".`, path, { hint }))
      }
    }
  }
  for (const section of agentSections(doc, scope)) {
    await wants(section, 'tools')
    for (const { text, path } of textsAt(section, 'tools')) {
      const { settings: needed, needsNoSettings } = registry.tools.find(({ name }) => name === text) ?? {}
      if (needed === undefined || needsNoSettings === true || mapAt(doc.value)[needed] !== undefined) continue
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
