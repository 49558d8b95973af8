// An agent that runs programs on the machine itself: its owner should know.

import type { Diagnostic } from '../../errors.ts'
import { matchesTool } from '../../tools/match.ts'
import { traitsOf } from '../../tools/port.ts'
import { mapAt, textsOf } from '../document.ts'
import type { Check } from './check.ts'

export const checkSandbox: Check = ({ doc, scope, registry }) => {
  const problems: Diagnostic[] = []
  const running = registry.tools.filter((tool) => traitsOf(tool).runs === true).map(({ name }) => name)
  const defaults = mapAt(doc.value, 'defaults')
  const agents = mapAt(doc.value, 'agents')
  for (const id of scope.agents) {
    const own = mapAt(agents[id])
    if ((own['sandbox'] ?? defaults['sandbox']) !== 'off') continue
    if (!textsOf(own['tools'] ?? defaults['tools']).some((pattern) => running.some((tool) => matchesTool(pattern, tool))))
      continue
    const path = own['sandbox'] === undefined ? ['defaults', 'sandbox'] : ['agents', id, 'sandbox']
    const hint = '`auto` uses a sandbox where one works.'
    problems.push(doc.problem('CLAW407', `The agent ${id} runs commands on this machine without a sandbox.`, path, { hint }))
  }
  return problems
}
