// People named by an id that no one on that platform can have: a name in place of a number, a number with a plus. Each is a warning,
// since nobody would ever be recognised by it.

import type { UserIdForm } from '../../channels/port.ts'
import type { Diagnostic } from '../../errors.ts'
import { mapAt } from '../document.ts'
import { splitIdentity } from '../links.ts'
import type { Path } from '../shape.ts'
import { agentSections, type Check, textsAt } from './check.ts'

export const checkUserIds: Check = ({ doc, scope, registry }) => {
  const problems: Diagnostic[] = []
  const typeOf = (channelId: string): string => scope.channels.get(channelId) ?? channelId
  const formOf = (channelId: string): UserIdForm | undefined =>
    registry.channels.find(({ type }) => type === typeOf(channelId))?.userIdForm

  const holds = (channelId: string, userId: string, path: Path): void => {
    const form = formOf(channelId)
    if (form === undefined || form.pattern.test(userId) || userId.includes('${')) return
    const plain = userId.replace(/^(?:<@!?|[@+#])/, '').replace(/[\s()>/.-]/g, '')
    const hint = form.pattern.test(plain) ? `Did you mean "${plain}"?` : `Ids there look like ${form.example}. ${TELLS_IDS}`
    const says = `"${userId}" is no id that a person on ${typeOf(channelId)} can have, so it matches nobody.`
    problems.push(doc.problem('CLAW205', says, path, { hint, severity: 'warning' }))
  }
  const holdsIdentity = (text: string, path: Path): void => {
    const identity = scope.linkByName.has(text) ? null : splitIdentity(text)
    if (identity !== null) holds(identity.channelId, identity.userId, path)
  }

  for (const [id, channel] of Object.entries(mapAt(doc.value, 'channels'))) {
    for (const { text, path } of textsAt({ value: mapAt(channel), path: ['channels', id] }, 'allowFrom')) {
      const named = splitIdentity(text)
      if (scope.linkByName.has(text)) continue
      if (named !== null && scope.channels.has(named.channelId)) holds(named.channelId, named.userId, path)
      else holds(id, text, path)
    }
  }
  for (const { text, path } of scope.links.flatMap((link) => link.identities)) holdsIdentity(text, path)
  for (const { text, path } of textsAt({ value: mapAt(doc.value), path: [] }, 'owners')) holdsIdentity(text, path)
  for (const { value, path } of agentSections(doc, scope)) {
    const permissions = { value: mapAt(value['permissions']), path: [...path, 'permissions'] }
    for (const approver of textsAt(permissions, 'approvers')) holdsIdentity(approver.text, approver.path)
  }
  return problems
}

const TELLS_IDS = 'The log names the id of anyone who is refused.'
