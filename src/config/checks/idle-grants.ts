// Grants and denials of commands for an agent that has no tool to run one.

import type { Diagnostic } from '../../errors.ts'
import { resolveTools } from '../../tools/match.ts'
import { runsCommands } from '../../tools/port.ts'
import { mapAt, textsOf } from '../document.ts'
import { agentSections, type Check } from './check.ts'

export const checkIdleGrants: Check = async ({ doc, scope, registry }) => {
  const runners = registry.tools.filter(runsCommands).map(({ name }) => name)
  const defaults = mapAt(mapAt(doc.value)['defaults'])
  if (runners.length === 0) return []
  const problems: Diagnostic[] = []
  for (const { value, path } of agentSections(doc, scope)) {
    const allow = textsOf(mapAt(value['permissions'])['allow']).filter((grant) => !grant.startsWith('tool:'))
    if (path[0] === 'defaults' || allow.length === 0) continue
    const { tools } = await resolveTools(textsOf(value['tools'] ?? defaults['tools']), runners)
    if (tools.length > 0) continue
    const at = [...path, 'permissions', 'allow']
    const hint = `Add ${runners.join(' or ')} to its \`tools\`, or take the grants out.`
    const message = `${String(path[1])} may run commands by \`allow\`, and has no tool that runs one.`
    problems.push(doc.problem('CLAW322', message, at, { spot: 'key', hint }))
  }
  return problems
}
