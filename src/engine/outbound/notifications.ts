// What the engine tells people by itself: a word to someone whose message no agent gets, and to owners near a spend limit.

import type { SpendWarning } from '../../limits/port.ts'
import type { NewOutboxRow } from '../../storage/ports.ts'
import type { World } from '../world.ts'
import type { Delivery } from './delivery.ts'

interface Addressee {
  readonly channelId: string
  readonly userId: string
  readonly groupId?: string
  readonly threadId?: string
  readonly messageId?: string
}

export interface Notifications {
  /** Where the message came from, as an answer to it. Resolves when it is stored. */
  reply(message: Addressee, content: string): Promise<void>
  /** Stores a text on its way out; the same key counts once. */
  queue(row: NewOutboxRow): Promise<void>
  /** Where a platform knows them; what is told stands in the log as well. */
  tellOwners(content: string): void
  /** Tells owners; the log has it in any case. */
  nearLimit(warning: SpendWarning): void
}

export function createNotifications(world: World, delivery: Pick<Delivery, 'wake'>): Notifications {
  const { storage, random, log } = world

  async function reply({ channelId, userId, groupId, threadId, messageId }: Addressee, content: string): Promise<void> {
    const target = {
      channelId,
      userId,
      ...(groupId === undefined ? {} : { groupId }),
      ...(threadId === undefined ? {} : { threadId }),
      ...(messageId === undefined ? {} : { replyTo: messageId }),
    }
    await queue({ key: `notice:${random.id()}`, session: '', agentId: '', target, content })
  }

  async function queue(row: NewOutboxRow): Promise<void> {
    await storage.outbox.put(row)
    delivery.wake()
  }

  function tellOwners(content: string): void {
    const { plan, pushed } = world.generations.now
    for (const owner of plan.owners) {
      const cut = owner.indexOf(':')
      const channelId = owner.slice(0, cut)
      if (plan.channels.has(channelId) && pushed.has(channelId)) void reply({ channelId, userId: owner.slice(cut + 1) }, content)
    }
  }

  return {
    reply,
    queue,
    tellOwners,
    nearLimit({ agentId, limit, spent, max, period }) {
      log.warn({ agent: agentId, limit, spent, max, period }, 'a spend limit is near')
      tellOwners(`${agentId} has used ${Number(spent.toFixed(2))} of ${max} (${limit}, ${period}).`)
    },
  }
}
