// A configuration has at least one agent.

import { isMap, mapAt } from '../document.ts'
import type { Check } from './check.ts'

export const checkSomething: Check = ({ doc, scope }) => {
  const agents = mapAt(doc.value)['agents']
  // Agents that are no map are told by the schema.
  if (scope.agents.length > 0 || (agents !== undefined && !isMap(agents))) return []
  const hint = 'The smallest configuration is `agents: { main: { soul: You are terse. } }`.'
  const path = agents === undefined ? [] : ['agents']
  return [doc.problem('CLAW102', 'There is no agent.', path, { spot: 'key', hint })]
}
