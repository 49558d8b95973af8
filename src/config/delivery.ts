// `channelId:userId` or `channelId:group:groupId[:threadId]` → where a message goes. Null: malformed.

import type { DeliveryTarget } from '../plan/plan.ts'
import { splitIdentity } from './links.ts'

export function parseTarget(text: string): DeliveryTarget | null {
  const split = splitIdentity(text)
  if (split === null) return null
  const { channelId, userId } = split
  if (userId === 'group' || userId === 'group:') return null
  if (!userId.startsWith('group:')) return { channelId, userId }
  const rest = userId.slice('group:'.length)
  const at = rest.indexOf(':')
  if (at === -1) return { channelId, groupId: rest }
  return at === 0 || at === rest.length - 1 ? null : { channelId, groupId: rest.slice(0, at), threadId: rest.slice(at + 1) }
}
