// An agent that runs programs on the machine itself: its owner should know.

import type { Diagnostic } from '../../errors.ts'
import { resolveTools } from '../../tools/match.ts'
import { traitsOf } from '../../tools/port.ts'
import { mapAt, textsOf } from '../document.ts'
import type { Check } from './check.ts'

export const checkSandbox: Check = async ({ doc, scope, registry }) => {
  const problems: Diagnostic[] = []
  const running = registry.tools.filter((tool) => traitsOf(tool).runs === true).map(({ name }) => name)
  const defaults = mapAt(doc.value, 'defaults')
  const agents = mapAt(doc.value, 'agents')
  for (const id of scope.agents) {
    const own = mapAt(agents[id])
    if ((own['sandbox'] ?? defaults['sandbox']) !== 'off') continue
    const { tools } = await resolveTools(textsOf(own['tools'] ?? defaults['tools']), running)
    if (tools.length === 0) continue
    const path = own['sandbox'] === undefined ? ['defaults', 'sandbox'] : ['agents', id, 'sandbox']
    const hint = '`auto` uses a sandbox where one works.'
    problems.push(doc.problem('CLAW407', `The agent ${id} runs commands on this machine without a sandbox.`, path, { hint }))
  }
  return problems
}
