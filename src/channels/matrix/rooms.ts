// What is known of rooms beside their messages: who is in them, what they are called by, what was said before.

import type { JsonApi } from '../json-api.ts'
import type { RoomEvent } from './events.ts'
import type { Answered, Room } from './intake.ts'

export interface Rooms {
  roomOf(roomId: string): Promise<Room>
  /** Undefined: the homeserver does not tell. */
  nameOf(roomId: string, userId: string): Promise<string | undefined>
  /** A message by its id; undefined: the homeserver does not give it. */
  messageOf(roomId: string, eventId: string): Promise<Answered | undefined>
  /** People came or went. */
  forget(roomId: string): void
}

const KEEP = 1000

type Members = Readonly<Record<string, { readonly display_name?: string }>>

export function createRooms(api: JsonApi): Rooms {
  const members = new Map<string, Promise<Members>>()
  const path = (roomId: string): string => `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}`

  const membersOf = (roomId: string): Promise<Members> => {
    const known = members.get(roomId)
    if (known !== undefined) return known
    const asked = api.call<{ joined?: Members }>(`${path(roomId)}/joined_members`).then(({ joined = {} }) => joined)
    asked.catch(() => members.delete(roomId))
    members.set(roomId, asked)
    if (members.size > KEEP) members.delete(members.keys().next().value as string)
    return asked
  }

  return {
    // A room of two is a direct chat, no matter who made it.
    roomOf: async (id) => ({ id, isDirect: Object.keys(await membersOf(id)).length <= 2 }),
    nameOf: async (roomId, userId) => (await membersOf(roomId))[userId]?.display_name,
    async messageOf(roomId, eventId) {
      const event = await api.call<RoomEvent>(`${path(roomId)}/event/${encodeURIComponent(eventId)}`).catch(() => null)
      const body = event?.content?.body
      return typeof event?.sender === 'string' && typeof body === 'string' ? { userId: event.sender, content: body } : undefined
    },
    forget: (roomId) => void members.delete(roomId),
  }
}
