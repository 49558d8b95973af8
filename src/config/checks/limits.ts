// A limit of zero lets nothing through: rarely meant.

import type { Diagnostic } from '../../errors.ts'
import { mapAt } from '../document.ts'
import { agentSections, type Check } from './check.ts'

export const checkLimits: Check = ({ doc, scope }) => {
  const problems: Diagnostic[] = []
  for (const { value, path } of agentSections(doc, scope)) {
    for (const [key, limit] of Object.entries(mapAt(value['rateLimit']))) {
      if (limit !== 0) continue
      const hint = 'Remove the key for no limit; `claw stop` halts an agent.'
      problems.push(doc.problem('CLAW312', `${key} is 0, so the agent answers nobody.`, [...path, 'rateLimit', key], { hint }))
    }
  }
  return problems
}
