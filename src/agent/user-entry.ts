// Inbox rows in, the content of one user entry out. What people quoted or attached is marked as data.

import type { Attachment, InboundMessage } from '../channels/port.ts'
import type { ContentBlock, TextBlock } from '../models/port.ts'
import type { RouteInput } from '../plan/plan.ts'
import type { InboxRow, TranscriptEntry } from '../storage/ports.ts'
import { asData, plainLabel } from '../tools/run.ts'

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

const routed = ({ channelId, userId, groupId, threadId, content }: InboundMessage): RouteInput => ({
  channelId,
  userId,
  ...(groupId === undefined ? {} : { groupId }),
  ...(threadId === undefined ? {} : { threadId }),
  content,
})

/** Lines of ours begin like this; a person's own words must not pass for one. */
const OURS = /^\[(?=(from|Data from|END|Approval|Context) )/gm

function textOf(row: InboxRow, shared: boolean, run: string): string {
  const words = row.message === undefined ? row.content : row.content.replace(OURS, '\\[')
  const said =
    shared && row.message !== undefined ? `[from ${row.message.channelId}:${plainLabel(row.message.userId)}] ${words}` : words
  const quoted = row.message?.quoted
  return quoted === undefined ? said : `${quotedText(quoted, run)}\n${said}`
}

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
