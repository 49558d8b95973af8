// A rule that asks for a role can win only on platforms that have roles.

import type { Diagnostic } from '../../errors.ts'
import { type Check, rulesOf, textsAt } from './check.ts'

export const checkRoles: Check = ({ doc, scope, registry }) => {
  const problems: Diagnostic[] = []
  const hasRoles = (id: string): boolean => {
    const type = scope.channels.get(id)
    const known = registry.channels.find((one) => one.type === type)
    // Of a channel that is not known here nothing is said.
    return type === undefined || known === undefined || known.traits.roles === true
  }
  for (const rule of rulesOf(doc)) {
    if (rule.value['role'] === undefined) continue
    const named = textsAt(rule, 'channelId').map(({ text }) => text)
    const channels = named.length > 0 ? named : [...scope.channels.keys()]
    if (channels.length === 0 || channels.some(hasRoles)) continue
    const says = `This rule can never win: ${channels.join(', ')} ${channels.length === 1 ? 'has' : 'have'} no roles.`
    problems.push(
      doc.problem('CLAW307', says, [...rule.path, 'role'], { hint: 'Discord has roles. Name people by `userId` elsewhere.' }),
    )
  }
  return problems
}
