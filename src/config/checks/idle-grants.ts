// Grants and denials of commands for an agent that has no tool to run one.

import { resolveTools } from '../../tools/match.ts'
import { runsCommands } from '../../tools/port.ts'
import { mapAt, textsOf } from '../document.ts'
import { agentSections, type Check } from './check.ts'

export const checkIdleGrants: Check = ({ doc, scope, registry }) => {
  const runners = registry.tools.filter(runsCommands).map(({ name }) => name)
  const defaults = mapAt(mapAt(doc.value)['defaults'])
  if (runners.length === 0) return []
  return agentSections(doc, scope).flatMap(({ value, path }) => {
    const allow = textsOf(mapAt(value['permissions'])['allow']).filter((grant) => !grant.startsWith('tool:'))
    if (path[0] === 'defaults' || allow.length === 0) return []
    const tools = resolveTools(textsOf(value['tools'] ?? defaults['tools']), runners).tools
    if (tools.length > 0) return []
    const at = [...path, 'permissions', 'allow']
    const hint = `Add ${runners.join(' or ')} to its \`tools\`, or take the grants out.`
    const message = `${String(path[1])} may run commands by \`allow\`, and has no tool that runs one.`
    return [doc.problem('CLAW322', message, at, { spot: 'key', hint })]
  })
}
