// A Discord message in, the engine's message out.

import type { APIAttachment, APIInteraction, APIMessage } from 'discord.js'
import type { Plan } from '../../plan/plan.ts'
import { cleanName } from '../../text-cut.ts'
import { isCommandFor } from '../commands.ts'
import { FORWARDED_NOTE, type InboundMessage } from '../port.ts'

export interface Self {
  readonly id: string
  readonly applicationId: string
}

export interface Intake {
  readonly message: InboundMessage
  readonly files: readonly APIAttachment[]
}

/** What people write: plain messages and answers. Joins, pins and the like are not for the bot. */
const SPOKEN = new Set([0, 19])

/** How channels and roles are called, where that was heard. */
export interface Names {
  channel(id: string): string | undefined
  role(guildId: string, id: string): string | undefined
}

export interface Reader {
  readonly self: Self
  readonly plan: Plan
  readonly channelId: string
  readonly names: Names
}

/** null: a bot's, a webhook's or a system message. The guild comes from the event; history has none. */
export function readMessage(message: MemberMessage, guildId: string | undefined, reader: Reader): Intake | null {
  const { self, plan, channelId } = reader
  const { author } = message
  if (author.bot === true || author.id === self.id || message.webhook_id !== undefined || !SPOKEN.has(message.type ?? 0))
    return null
  const own = new RegExp(`<@!?${self.id}>`, 'g')
  const said = message.content ?? ''
  const mentioned = own.test(said) || (message.mentions ?? []).some((user) => user.id === self.id)
  const text = named(stripMention(said, own), message, guildId, reader.names)
  const answered = message.referenced_message ?? undefined
  const name = cleanName(author.global_name ?? author.username ?? '')
  const stickers = (message.sticker_items ?? []).map((sticker) => `[sticker ${cleanName(sticker.name)}]`)
  const snapshots = (message.message_snapshots ?? []).map((one) => one.message)
  const forwarded = forwardedOf(snapshots)
  const files = message.attachments ?? []
  if (text === '' && stickers.length === 0 && files.length === 0 && snapshots.length === 0) return null
  const content =
    text !== ''
      ? text
      : snapshots.length > 0
        ? FORWARDED_NOTE
        : stickers.length > 0
          ? stickers.join(' ')
          : files.map((f) => `[file ${cleanName(f.filename)}]`).join(' ')
  return {
    // What is asked about a picture is seldom of use without it.
    files: [...files, ...(answered?.attachments ?? []), ...snapshots.flatMap(({ attachments }) => attachments ?? [])],
    message: {
      channelId,
      userId: author.id,
      ...(guildId === undefined ? {} : { groupId: guildId, threadId: message.channel_id }),
      ...(message.id === undefined ? {} : { messageId: message.id }),
      content,
      ...(Number.isNaN(Date.parse(message.timestamp)) ? {} : { timestamp: new Date(message.timestamp).toISOString() }),
      ...(guildId === undefined
        ? {}
        : { mentionsBot: mentioned || answered?.author?.id === self.id || isCommandFor(plan, channelId, content) }),
      ...rolesOf(message.member),
      ...(answered === undefined ? {} : quoteOf(answered)),
      ...forwarded,
      ...(name === '' ? {} : { displayName: name }),
    },
  }
}

const rolesOf = (member: { readonly roles?: readonly string[] } | undefined): Pick<InboundMessage, 'roles'> =>
  member?.roles === undefined || member.roles.length === 0 ? {} : { roles: member.roles }

/** A message of the gateway says more of its sender than one that is fetched. */
type MemberMessage = APIMessage & { readonly member?: { readonly roles?: readonly string[] } }

type Snapshot = NonNullable<APIMessage['message_snapshots']>[number]['message']

/** The platform does not say whose words they are. */
function forwardedOf(snapshots: readonly Snapshot[]): Pick<InboundMessage, 'forwarded'> {
  if (snapshots.length === 0) return {}
  const said = snapshots.flatMap(({ content = '', attachments = [], embeds = [] }) => [
    ...attachments.map(({ filename }) => `[file ${cleanName(filename)}]`),
    content,
    ...embeds.flatMap(({ title, description }) => [title ?? '', description ?? '']),
  ])
  return { forwarded: { content: said.filter((text) => text !== '').join('\n') } }
}

/** What an answered message says: the files that hang on it, and its words. */
function quoteOf({ author, content = '', attachments = [] }: APIMessage): Pick<InboundMessage, 'quoted'> {
  const said = [...attachments.map(({ filename }) => `[file ${cleanName(filename)}]`), content].filter((text) => text !== '')
  return { quoted: { content: said.join(' '), ...(author === undefined ? {} : { userId: author.id }) } }
}

export const isSnowflake = (id: string | undefined): id is string => id !== undefined && /^\d+$/.test(id)

/** Ids grow with time; of ids that are no numbers (a server that imitates Discord) each counts as new. */
export const isNewer = (id: string | undefined, than: string): boolean =>
  !isSnowflake(id) || !isSnowflake(than) || BigInt(id) > BigInt(than)

/** Where an interaction happened; older servers give the id alone. */
export const channelOf = (interaction: APIInteraction): string | undefined => interaction.channel?.id ?? interaction.channel_id

/** Mentions as people read them: `@Ann`, `#general`, `@moderators`. What is not known stays as it came. */
function named(text: string, { mentions = [] }: Partial<APIMessage>, guildId: string | undefined, names: Names): string {
  const people = new Map(mentions.map(({ id, global_name, username }) => [id, global_name ?? username]))
  const role = (id: string): string | undefined => (guildId === undefined ? undefined : names.role(guildId, id))
  return text.replace(/<(@!?|@&|#)(\d+)>/g, (whole, sign: string, id: string) => {
    const name = sign === '#' ? names.channel(id) : sign === '@&' ? role(id) : people.get(id)
    return name === undefined ? whole : `${sign.charAt(0)}${cleanName(name)}`
  })
}

function stripMention(content: string, own: RegExp): string {
  return content
    .replace(own, '\u0000')
    .replace(/^\s*\0[\s,:;–—-]*/u, '')
    .replace(/\s*\0(?=[\s,.;:!?]|$)/gu, '')
    .replace(/\0/gu, '')
    .trim()
}

/** A slash command as the text a person would have typed: `/research sushi`. null: not a command. */
export function readCommand(interaction: APIInteraction, channelId: string): InboundMessage | null {
  if (interaction.type !== 2 || interaction.data.type !== 1) return null
  const user = interaction.member?.user ?? interaction.user
  const channel = channelOf(interaction)
  if (user === undefined || channel === undefined) return null
  const option = interaction.data.options?.find((o) => o.name === 'text')
  const text = option !== undefined && 'value' in option ? String(option.value) : ''
  return {
    channelId,
    userId: user.id,
    ...(interaction.guild_id === undefined ? {} : { groupId: interaction.guild_id, threadId: channel, mentionsBot: true }),
    ...rolesOf(interaction.member),
    messageId: interaction.id,
    content: `/${interaction.data.name} ${text}`.trim(),
    displayName: cleanName(user.global_name ?? user.username ?? ''),
  }
}
