// A configuration has at least one agent.

import { mapAt } from '../document.ts'
import type { Check } from './check.ts'

export const checkSomething: Check = ({ doc, scope }) => {
  if (scope.agents.length > 0) return []
  const hint = 'The smallest configuration is `agents: { main: { soul: You are terse. } }`.'
  const path = mapAt(doc.value)['agents'] === undefined ? [] : ['agents']
  return [doc.problem('CLAW102', 'There is no agent.', path, { spot: 'key', hint })]
}
