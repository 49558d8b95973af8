// A Mattermost post in, the engine's message out.

import type { Plan } from '../../plan/plan.ts'
import { cleanName } from '../../text-cut.ts'
import { isCommandFor } from '../commands.ts'
import { FORWARDED_NOTE, type InboundMessage } from '../port.ts'

export interface MattermostFile {
  readonly id: string
  readonly name?: string
  readonly mime_type?: string
  readonly size?: number
}

export interface Post {
  readonly id?: string
  readonly create_at?: number
  readonly delete_at?: number
  readonly user_id?: string
  readonly channel_id?: string
  readonly root_id?: string
  readonly message?: string
  /** Empty for what people write. */
  readonly type?: string
  readonly props?: Readonly<Record<string, unknown>>
  readonly file_ids?: readonly string[]
  readonly metadata?: {
    readonly files?: readonly MattermostFile[]
    readonly embeds?: readonly { readonly type?: string; readonly data?: { readonly post?: { readonly message?: string } } }[]
  }
}

export interface Self {
  readonly id: string
  readonly username: string
}

export interface Conversation {
  readonly isDirect: boolean
  /** Who began the thread that the post is in; undefined: it is in none. */
  readonly rootAuthor?: string | undefined
  readonly senderName?: string | undefined
}

export interface Intake {
  readonly message: InboundMessage
  readonly files: readonly MattermostFile[]
}

const isTrue = (value: unknown): boolean => value === true || value === 'true'

/** Why a post is not for the engine; null: it is. */
export function reasonToIgnore(post: Post, self: Self): string | null {
  const { id, user_id: user, channel_id: channel, create_at: at, message, type = '', props } = post
  if (typeof id !== 'string' || typeof user !== 'string' || typeof channel !== 'string' || typeof at !== 'number')
    return 'no post'
  if (typeof message !== 'string') return 'a post without a text'
  if (user === self.id) return 'its own'
  if ((post.delete_at ?? 0) > 0) return 'deleted'
  if (type !== '' && type !== 'me') return `a system message (${type})`
  if (isTrue(props?.['from_bot']) || isTrue(props?.['from_webhook'])) return 'a bot'
  return null
}

/** `post` must be one that `reasonToIgnore` lets through. */
export function readPost(post: Post, self: Self, conversation: Conversation, plan: Plan, channelId: string): Intake {
  const { isDirect, rootAuthor, senderName } = conversation
  const { text, mentioned } = readText(post.message ?? '', self.username)
  const files: readonly MattermostFile[] = post.metadata?.files ?? (post.file_ids ?? []).map((id) => ({ id }))
  const forwarded = (post.metadata?.embeds ?? []).flatMap(({ type, data }) =>
    type === 'permalink' && typeof data?.post?.message === 'string' ? [data.post.message] : [],
  )
  const standIn =
    forwarded.length > 0 ? FORWARDED_NOTE : files.map((file) => `[file ${cleanName(file.name ?? file.id)}]`).join(' ')
  const content = text === '' ? standIn || '[empty message]' : text
  const threadId = post.root_id === undefined || post.root_id === '' ? {} : { threadId: post.root_id }
  const isForBot = mentioned || rootAuthor === self.id || isCommandFor(plan, channelId, content)
  return {
    files,
    message: {
      channelId,
      userId: post.user_id as string,
      ...(isDirect ? {} : { groupId: post.channel_id as string, mentionsBot: isForBot }),
      ...threadId,
      messageId: post.id as string,
      content,
      timestamp: new Date(post.create_at as number).toISOString(),
      ...(forwarded.length === 0 ? {} : { forwarded: { content: forwarded.join('\n') } }),
      ...(senderName === undefined ? {} : { displayName: cleanName(senderName.replace(/^@/, '')) }),
    },
  }
}

/** The bot's name cut from a text. */
export function readText(raw: string, username: string): { text: string; mentioned: boolean } {
  const name = username.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const own = new RegExp(`(?<![\\w@.-])@${name}(?![\\w-]|\\.\\w)`, 'giu')
  const mentioned = own.test(raw)
  const text = raw
    .replace(own, '\u0000')
    .replace(/^\s*\0[\s,:;–—-]*/u, '')
    .replace(/\s*\0(?=[\s,.;:!?]|$)/gu, '')
    .replace(/\0/gu, '')
  return { text: text.trim(), mentioned }
}
