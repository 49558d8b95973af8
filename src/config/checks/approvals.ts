// An agent that may have to ask has someone who is configured to answer.

import type { Diagnostic } from '../../errors.ts'
import { toolMatcher } from '../../tools/match.ts'
import { isGated } from '../../tools/port.ts'
import { listAt, mapAt, textAt, textsOf } from '../document.ts'
import { splitIdentity } from '../links.ts'
import { resolvePeople } from '../scope.ts'
import type { Check } from './check.ts'

export const checkApprovals: Check = async ({ doc, scope, registry }) => {
  const problems: Diagnostic[] = []
  const root = mapAt(doc.value)
  const agents = mapAt(root['agents'])
  const defaults = mapAt(root['defaults'])
  const channels = mapAt(root['channels'])
  const asking = registry.tools.filter(isGated).map(({ name }) => name)
  const reachable = (identity: string): boolean => {
    const id = splitIdentity(identity)?.channelId
    return id !== undefined && scope.channels.has(id) && mapAt(channels[id])['enabled'] !== false
  }
  for (const id of scope.agents) {
    const own = mapAt(agents[id])
    const permissions = { ...mapAt(defaults['permissions']), ...mapAt(own['permissions']) }
    if ((textAt(permissions, 'mode') ?? 'ask') !== 'ask') continue
    const tools = own['tools'] === undefined ? ['defaults', 'tools'] : ['agents', id, 'tools']
    const patterns = textsOf(own['tools'] ?? defaults['tools'])
    const matchers = await Promise.all(patterns.map(toolMatcher))
    const index = matchers.findIndex((matches) => asking.some(matches))
    if (index === -1) continue
    const people = resolvePeople(textsOf(permissions['approvers'] ?? listAt(root['owners'])), scope)
    if (people.some(reachable)) continue
    const tool = asking.find((name) => matchers[index]?.(name))
    const message =
      people.length === 0
        ? `The agent ${id} may have to ask before it runs ${tool}, and nobody is configured to answer: it will be refused.`
        : `The agent ${id} may have to ask before it runs ${tool}, and no channel reaches those who could answer.`
    const hint = 'Name someone under `owners` or `permissions.approvers`, by a link or an identity of a configured channel.'
    problems.push(doc.problem('CLAW403', message, [...tools, index], { hint }))
  }
  return problems
}
