// Inbox rows in, one user entry out: what they say, and a line on when, where and by whom it was written. What people quoted or
// attached is marked as data. The line is stored with the message, so that a request stays the same when a turn is resumed, and
// none of it stands in the cached prefix.

import type { Attachment, InboundMessage, OverheardMessage } from '../channels/port.ts'
import { localZone } from '../local-zone.ts'
import type { ContentBlock, TextBlock } from '../models/port.ts'
import type { AgentPlan, RouteInput } from '../plan/plan.ts'
import type { InboxRow, TranscriptEntry } from '../storage/ports.ts'
import { asData, plainLabel } from '../tools/run.ts'
import type { Turn } from './port.ts'

/** What a turn's user entry is made of, besides its id and time. */
export function userEntry({ session, agent, claim }: Pick<Turn, 'session' | 'agent' | 'claim'>) {
  const { rows, run } = claim
  // Fields in a literal: this is on the path of every turn.
  return {
    content: userContent(rows, session.key.endsWith(':*'), run),
    channelId: session.channelId,
    userId: session.userId,
    context: contextLine(agent, rows),
    ...receivedOf(rows),
  }
}

/**
 * The content of a turn's user entry: the texts of all rows in order, then their media. In a session that several people
 * share, each text says who spoke. `run` salts the marks: message ids can be guessed, a run's id can't.
 */
export function userContent(rows: readonly InboxRow[], shared: boolean, run: string): string | readonly ContentBlock[] {
  const texts = rows.map((row) => textOf(row, shared, run)).filter((text) => text !== '')
  const blocks = rows.flatMap((row) => (row.message?.media ?? []).flatMap((media) => mediaBlocks(media, run)))
  const text = texts.join('\n\n')
  if (blocks.length === 0) return text === '' ? '(empty message)' : text
  return [...(text === '' ? [] : [{ type: 'text' as const, text }]), ...blocks]
}

/** What came in, where the entry does not say it: so that the same messages can be routed again by another configuration. */
export function receivedOf(rows: readonly InboxRow[]): Pick<TranscriptEntry, 'received'> {
  const received = rows.flatMap(({ message }) => (message === undefined ? [] : [routed(message)]))
  const [first, ...others] = received
  if (first === undefined) return {}
  const told = others.length === 0 && first.groupId === undefined && first.content === rows[0]?.content
  return told ? {} : { received }
}

const routed = ({ channelId, userId, groupId, threadId, content, mentionsBot, roles }: InboundMessage): RouteInput => ({
  channelId,
  userId,
  ...(groupId === undefined ? {} : { groupId }),
  ...(threadId === undefined ? {} : { threadId }),
  content,
  ...(groupId === undefined || mentionsBot !== false ? {} : { mentionsBot }),
  ...(roles === undefined ? {} : { roles }),
})

/** Lines of ours begin like this; a person's own words must not pass for one. */
const OURS = /^\[(?=(from|Data from|END|Approval|Context) )/gm

function textOf(row: InboxRow, shared: boolean, run: string): string {
  const words = row.message === undefined ? row.content : row.content.replace(OURS, '\\[')
  const said =
    shared && row.message !== undefined ? `[from ${row.message.channelId}:${plainLabel(row.message.userId)}] ${words}` : words
  const { quoted, forwarded, overheard } = row.message ?? {}
  const before = [
    ...(overheard === undefined ? [] : [overheardText(overheard, run)]),
    ...(quoted === undefined ? [] : [quotedText(quoted, run)]),
    ...(forwarded === undefined ? [] : [forwardedText(forwarded, run)]),
  ]
  return [...before, said].join('\n')
}

const overheardText = (overheard: readonly OverheardMessage[], salt: string): string => {
  const lines = overheard.map(({ userId, displayName, content }) => {
    const name = displayName === undefined ? '' : ` (${plainLabel(displayName)})`
    return `${plainLabel(userId)}${name}: ${content}`
  })
  return asData('what others said in this group before', lines.join('\n'), salt)
}

const forwardedText = ({ from, content }: NonNullable<InboundMessage['forwarded']>, salt: string): string =>
  asData(from === undefined ? 'a forwarded message' : `a forwarded message of ${plainLabel(from)}`, content, salt)

const quotedText = (quoted: NonNullable<InboundMessage['quoted']>, salt: string): string =>
  asData(quoted.userId === undefined ? 'a quoted message' : `a quoted message of ${quoted.userId}`, quoted.content, salt)

const IMAGES = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp'])

function mediaBlocks(media: Attachment, salt: string): readonly ContentBlock[] {
  const name = media.name === undefined ? undefined : plainLabel(media.name)
  const label = `${media.kind}${name === undefined ? '' : ` "${name}"`} (${plainLabel(media.mediaType)})`
  const saved: TextBlock[] =
    media.path === undefined ? [] : [{ type: 'text', text: `[${label}: saved as ${plainLabel(media.path)}]` }]
  if (media.data === undefined) return [{ type: 'text', text: `[${label}: ${media.note ?? 'not taken'}]` }]
  if (IMAGES.has(media.mediaType)) {
    return [...saved, { type: 'image', source: { type: 'base64', media_type: media.mediaType, data: media.data } }]
  }
  if (media.mediaType === 'application/pdf') {
    const title = name === undefined ? {} : { title: name }
    return [...saved, { type: 'document', source: { type: 'base64', media_type: media.mediaType, data: media.data }, ...title }]
  }
  if (/^text\/|json$|xml$|yaml$/.test(media.mediaType)) {
    return [...saved, { type: 'text', text: asData(label, Buffer.from(media.data, 'base64').toString('utf8'), salt) }]
  }
  return saved.length > 0 ? saved : [{ type: 'text', text: `[${label}: ${media.note ?? 'of a kind that cannot be shown'}]` }]
}

/** Undefined where the agent wants none. */
export function contextLine(agent: Pick<AgentPlan, 'context' | 'reset'>, rows: readonly InboxRow[]): string | undefined {
  const last = rows.at(-1)
  if (agent.context === 'off' || last === undefined) return undefined
  const { timezone } = agent.reset
  const parts = [`${localTime(last.receivedAt, timezone)} ${timezone}`, placeOf(last), ...names(rows)]
  return `[Context ${parts.join('; ')}]`
}

/** What a row without a message is. */
const WORK: Readonly<Partial<Record<InboxRow['kind'], string>>> = {
  heartbeat: 'scheduled run',
  spawn: 'task from another agent',
  approval: 'answer to an approval',
}

function placeOf({ message, kind }: InboxRow): string {
  if (message === undefined) return WORK[kind] ?? 'work of the engine'
  const { channelId, groupId, threadId } = message
  const chat = groupId === undefined ? 'direct chat' : threadId === undefined ? 'group chat' : 'thread of a group'
  return `${channelId}, ${chat}`
}

/** More senders than these are not listed: each text of a shared session says who wrote it. */
const MOST_NAMES = 5

function names(rows: readonly InboxRow[]): readonly string[] {
  const shown = new Set(rows.flatMap(({ message }) => nameOf(message?.displayName)))
  const list = [...shown].slice(0, MOST_NAMES).map((name) => `"${name}"`)
  if (list.length === 0) return []
  return [list.length === 1 ? `sender ${list[0]} (a name others chose)` : `senders ${list.join(', ')} (names others chose)`]
}

/** Most names need no cleaning. */
const PLAIN_NAME = /^[\w][\w .'-]{0,60}$/

const nameOf = (name = ''): readonly string[] => {
  const plain = PLAIN_NAME.test(name) ? name : plainLabel(name).replaceAll('"', "'").trim()
  return plain === '' ? [] : [plain]
}

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const

let here: string | undefined

/** `Monday 2026-11-30 20:31`. Only another zone than the machine's asks Intl, whose tables take 50 ms to load. */
function localTime(at: number, timeZone: string): string {
  here ??= localZone()
  if (timeZone !== here) return timeElsewhere(at, timeZone)
  const date = new Date(at)
  const two = (value: number): string => String(value).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${DAYS[date.getDay()]} ${day} ${two(date.getHours())}:${two(date.getMinutes())}`
}

const formats = new Map<string, Intl.DateTimeFormat>()

function timeElsewhere(at: number, timeZone: string): string {
  let format = formats.get(timeZone)
  if (format === undefined) {
    const two = '2-digit'
    const shape = { weekday: 'long', year: 'numeric', month: two, day: two, hour: two, minute: two, hourCycle: 'h23' } as const
    format = new Intl.DateTimeFormat('en-GB', { ...shape, timeZone })
    formats.set(timeZone, format)
  }
  const parts = format.formatToParts(at)
  const part = (wanted: Intl.DateTimeFormatPartTypes): string => parts.find(({ type }) => type === wanted)?.value ?? ''
  return `${part('weekday')} ${part('year')}-${part('month')}-${part('day')} ${part('hour')}:${part('minute')}`
}
