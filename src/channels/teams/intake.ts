// A message activity in, the engine's message out.

import type { Plan } from '../../plan/plan.ts'
import { cleanName } from '../../text-cut.ts'
import { isCommandFor } from '../commands.ts'
import type { InboundMessage } from '../port.ts'
import { type Activity, placeOf, type TeamsAttachment, userIdOf } from './activity.ts'

export interface TeamsFile {
  readonly url: string
  readonly mediaType: string
  readonly name?: string
  /** The address wants the bot's token. */
  readonly needsToken: boolean
}

export interface Intake {
  readonly message: InboundMessage
  readonly files: readonly TeamsFile[]
}

/** Why an activity is not for the engine; null: it is. */
export function reasonToIgnore(activity: Activity): string | null {
  if (activity.type !== 'message') return `an activity of another kind (${activity.type})`
  if (typeof activity.id !== 'string' || typeof activity.conversation?.id !== 'string') return 'no message'
  if (userIdOf(activity) === '') return 'a message without a sender'
  // Bots have no account in the directory, and an id that begins so.
  if (activity.from?.role === 'bot' || activity.from?.id?.startsWith('28:') === true) return 'a bot'
  return null
}

/** `activity` must be one that `reasonToIgnore` lets through. */
export function readActivity(activity: Activity, appId: string, plan: Plan, channelId: string): Intake {
  const botId = activity.recipient?.id ?? `28:${appId}`
  const mentions = (activity.entities ?? []).filter(({ type, mentioned }) => type === 'mention' && mentioned?.id === botId)
  const attachments = activity.attachments ?? []
  const files = attachments.flatMap(fileOf)
  const text = textWithout(
    activity.text ?? '',
    mentions.flatMap(({ text: name }) => name ?? []),
  )
  const note = files.map(({ name }) => `[file ${cleanName(name ?? 'file')}]`).join(' ')
  const content = text !== '' ? text : note !== '' ? note : activity.value === undefined ? '[empty message]' : '[card answer]'
  const quoted = attachments.flatMap((one) => quotedOf(one, appId))[0]
  const place = placeOf(activity)
  const isForBot = mentions.length > 0 || quoted?.isOurs === true || isCommandFor(plan, channelId, content)
  return {
    files,
    message: {
      channelId,
      userId: userIdOf(activity),
      ...place,
      ...(place.groupId === undefined ? {} : { mentionsBot: isForBot }),
      // Ids are unique in a conversation only.
      messageId: `${activity.conversation?.id}/${activity.id}`,
      content,
      timestamp: activity.timestamp ?? new Date(0).toISOString(),
      ...(quoted === undefined ? {} : { quoted: quoted.message }),
      ...(activity.from?.name === undefined ? {} : { displayName: cleanName(activity.from.name) }),
    },
  }
}

/** The text without the bot's name, and without the marks of other mentions. */
function textWithout(text: string, names: readonly string[]): string {
  let rest = text
  for (const name of names) rest = rest.replaceAll(name, '\u0000')
  return rest
    .replaceAll(/<at[^>]*>([^<]*)<\/at>/g, '@$1')
    .replaceAll('&nbsp;', ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
    .replace(/^\s*\0[\s,:;–—-]*/u, '')
    .replace(/\s*\0(?=[\s,.;:!?]|$)/gu, '')
    .replace(/\0/gu, '')
    .trim()
}

const FILE_INFO = 'application/vnd.microsoft.teams.file.download.info'

function fileOf({ contentType = '', contentUrl, content, name }: TeamsAttachment): TeamsFile[] {
  const named = name === undefined ? {} : { name }
  if (contentType === FILE_INFO) {
    const { downloadUrl } = (content ?? {}) as { downloadUrl?: string }
    return downloadUrl === undefined
      ? []
      : [{ url: downloadUrl, mediaType: 'application/octet-stream', needsToken: false, ...named }]
  }
  const isFile = /^(?:image|audio|video)\//.test(contentType) && contentUrl !== undefined
  return isFile ? [{ url: contentUrl, mediaType: contentType, needsToken: true, ...named }] : []
}

interface Reference {
  readonly messagePreview?: string
  readonly messageSender?: {
    readonly user?: { readonly id?: string }
    readonly application?: { readonly id?: string }
  }
}

function quotedOf(
  { contentType, content }: TeamsAttachment,
  appId: string,
): {
  readonly isOurs: boolean
  readonly message: NonNullable<InboundMessage['quoted']>
}[] {
  if (contentType !== 'messageReference') return []
  let reference: Reference | null
  try {
    reference = (typeof content === 'string' ? JSON.parse(content) : content) as Reference | null
  } catch {
    return []
  }
  if (typeof reference?.messagePreview !== 'string') return []
  const user = reference.messageSender?.user?.id
  return [
    {
      isOurs: reference.messageSender?.application?.id === appId,
      message: { content: reference.messagePreview, ...(user === undefined ? {} : { userId: user }) },
    },
  ]
}
