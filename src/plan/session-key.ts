// The one place that computes session keys. Enters: who speaks to which agent, and where. Leaves: the key of the session.
// Each part is encoded where it holds `:` or `%` or is `*`, so that no id can reach into another part.

import { createHash } from 'node:crypto'
import { groupSettings } from './group-settings.ts'
import type { ChannelPlan, Plan } from './plan.ts'

/** Where a message came from: what a key is made of. */
export interface Speaker {
  readonly channelId: string
  readonly userId: string
  readonly groupId?: string | undefined
  readonly threadId?: string | undefined
}

/** Where order of replies must hold: one chat, no matter who is answered in it. */
export const chatKey = ({ channelId, groupId, threadId, userId }: Partial<Speaker> & Pick<Speaker, 'channelId'>): string =>
  JSON.stringify([channelId, groupId ?? null, threadId ?? null, groupId === undefined ? (userId ?? null) : null])

/** What a key says, read back. `userId: null` is a group session that all members share. */
export type SessionKeyParts =
  | { readonly kind: 'main'; readonly agentId: string }
  | { readonly kind: 'link'; readonly agentId: string; readonly link: string }
  | { readonly kind: 'direct'; readonly agentId: string; readonly channelId: string; readonly userId: string }
  | {
      readonly kind: 'group'
      readonly agentId: string
      readonly channelId: string
      readonly groupId: string
      readonly threadId?: string
      readonly userId: string | null
    }
  | { readonly kind: 'spawn'; readonly agentId: string; readonly id: string }
  | { readonly kind: 'cron'; readonly name: string }

const EVERYONE = '*'

const encodePart = (part: string): string =>
  part === EVERYONE ? '%2A' : /[:%]/.test(part) ? part.replaceAll('%', '%25').replaceAll(':', '%3A') : part

/** Hexadecimal of one ASCII character, as it stands after a percent sign. */
const hex = (code: number): string => code.toString(16).toUpperCase().padStart(2, '0')

/**
 * A part in a place where `word` has a meaning of its own. Configuration reserves these names already; encoding them too
 * keeps keys apart even where it was not asked.
 */
const encodeExcept = (part: string, word: string): string =>
  part === word ? `%${hex(word.charCodeAt(0))}${word.slice(1)}` : encodePart(part)

/** The name of an identity's link, or undefined. */
const linkOf = (plan: Pick<Plan, 'linkOf'>, speaker: Speaker): string | undefined =>
  plan.linkOf.get(`${speaker.channelId}:${speaker.userId}`)

/** Whether all members of a group share one session. */
export const sharesSession = (channel: ChannelPlan | undefined, speaker: Pick<Speaker, 'groupId' | 'threadId'>): boolean =>
  channel !== undefined && groupSettings(channel, speaker).session === 'shared'

/** The session in which `agentId` answers `speaker`. */
export function sessionKey(plan: Pick<Plan, 'agents' | 'channels' | 'linkOf'>, agentId: string, speaker: Speaker): string {
  const agent = encodePart(agentId)
  const channel = encodeExcept(speaker.channelId, 'spawn')
  if (speaker.groupId !== undefined) {
    const shared = sharesSession(plan.channels.get(speaker.channelId), speaker)
    const thread = speaker.threadId === undefined ? '' : `:${encodePart(speaker.threadId)}`
    return `agent:${agent}:${channel}:${encodePart(speaker.groupId)}${thread}:${shared ? EVERYONE : encodePart(speaker.userId)}`
  }
  const scope = plan.agents.get(agentId)?.sessionScope ?? 'per-channel-peer'
  if (scope === 'main') return `agent:${agent}:main`
  const link = scope === 'per-peer' ? linkOf(plan, speaker) : undefined
  if (link !== undefined) return `agent:${agent}:${encodeExcept(link, 'main')}`
  return `agent:${agent}:${channel}:${encodePart(speaker.userId)}`
}

/**
 * Who speaks in a session, as far as its key says: the same in all chats of a channel. A session that several people share
 * stands for itself.
 */
export function personIn(key: string): string {
  const parts = key.split(':')
  const last = parts[parts.length - 1]
  return parts.length < 4 || last === EVERYONE ? key : `${parts[2]}:${last}`
}

/** The session of a heartbeat. */
export const heartbeatSessionKey = (name: string): string => `cron:${encodePart(name)}`

/** The session of a sub-agent's run. */
export const spawnSessionKey = (agentId: string, id: string): string => `agent:${encodePart(agentId)}:spawn:${encodePart(id)}`

const decodePart = (part: string): string =>
  part.replace(/%([0-9A-Fa-f]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))

/** What a key says; null when it is none. */
export function parseSessionKey(key: string): SessionKeyParts | null {
  const raw = key.split(':')
  const [head, first, second, third] = raw
  if (head === 'cron' && raw.length === 2 && first !== undefined) return { kind: 'cron', name: decodePart(first) }
  if (head !== 'agent' || first === undefined || second === undefined || raw.length > 6) return null
  const agentId = decodePart(first)
  if (third === undefined) {
    return second === 'main' ? { kind: 'main', agentId } : { kind: 'link', agentId, link: decodePart(second) }
  }
  if (raw.length === 4) {
    if (second === 'spawn') return { kind: 'spawn', agentId, id: decodePart(third) }
    return { kind: 'direct', agentId, channelId: decodePart(second), userId: decodePart(third) }
  }
  const last = raw[raw.length - 1] ?? ''
  const thread = raw.length === 6 ? raw[4] : undefined
  return {
    kind: 'group',
    agentId,
    channelId: decodePart(second),
    groupId: decodePart(third),
    ...(thread === undefined ? {} : { threadId: decodePart(thread) }),
    userId: last === EVERYONE ? null : decodePart(last),
  }
}

/** Longest encoded name; leaves room for endings such as `.jsonl` and for what sets a damaged file aside. */
const MAX_FILE_NAME = 200
const HASH_LENGTH = 40
/** A dot stands as it is, but not at the front, where it would hide the file. */
const NOT_PLAIN = /[^a-z0-9_.-]|^\./gu

/** UTF-8 of one code point; a lone surrogate keeps three bytes of its own, so that it stays apart from all else. */
function bytesOf(code: number): readonly number[] {
  if (code < 0x80) return [code]
  if (code < 0x800) return [0xc0 | (code >> 6), 0x80 | (code & 63)]
  if (code < 0x10000) return [0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63)]
  return [0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63)]
}

/**
 * A key (or an id) as a file name without ending: percent-encoded, so that `decodeURIComponent` reads it back. Capital
 * letters are encoded too, since some file systems don't tell them apart. A name that would be too long keeps its
 * beginning and ends in `~` and a hash; `~` stands nowhere else.
 */
export function encodeKeyForFile(key: string): string {
  const name = key.replace(NOT_PLAIN, (character) =>
    bytesOf(character.codePointAt(0) ?? 0)
      .map((byte) => `%${hex(byte)}`)
      .join(''),
  )
  if (name.length <= MAX_FILE_NAME) return name
  const hash = createHash('sha256').update(key, 'utf16le').digest('hex').slice(0, HASH_LENGTH)
  return `${name.slice(0, MAX_FILE_NAME - HASH_LENGTH - 1)}~${hash}`
}

/** The key a file name (without ending) stands for; null when only a hash is left of it or it is no such name. */
export function decodeKeyFromFile(name: string): string | null {
  if (name.includes('~')) return null
  try {
    const key = decodeURIComponent(name)
    return encodeKeyForFile(key) === name ? key : null
  } catch {
    return null
  }
}
