// A WhatsApp webhook body in, the messages in it out.

import { cleanName } from '../../text-cut.ts'
import type { InboundMessage } from '../port.ts'

interface MediaRef {
  readonly id?: string
  readonly mime_type?: string
  readonly caption?: string
  readonly filename?: string
}

export interface WaMessage {
  readonly id?: string
  /** The sender's number. Empty or absent for people who go by a user name. */
  readonly from?: string
  /** The sender's id for this business, which everybody has. */
  readonly from_user_id?: string
  readonly timestamp?: string
  readonly type?: string
  readonly text?: { readonly body?: string }
  readonly button?: { readonly text?: string }
  readonly interactive?: { readonly button_reply?: { readonly id?: string; readonly title?: string } }
  readonly context?: { readonly from?: string; readonly id?: string }
  readonly image?: MediaRef
  readonly document?: MediaRef
  readonly audio?: MediaRef
  readonly video?: MediaRef
  readonly sticker?: MediaRef
  readonly location?: { readonly latitude?: number; readonly longitude?: number }
}

interface WaContact {
  readonly wa_id?: string
  readonly user_id?: string
  readonly profile?: { readonly name?: string; readonly username?: string }
}

export interface WaValue {
  readonly metadata?: { readonly phone_number_id?: string }
  readonly contacts?: readonly WaContact[]
  readonly messages?: readonly WaMessage[]
  readonly statuses?: readonly {
    readonly id?: string
    readonly status?: string
    readonly errors?: readonly { readonly title?: string }[]
  }[]
}

/** The values of a call, whatever is missing in it. */
export function readCall(body: unknown): WaValue[] {
  const entries = (body as { entry?: unknown })?.entry
  if (!Array.isArray(entries)) return []
  return entries.flatMap((entry: { changes?: unknown }) =>
    Array.isArray(entry?.changes)
      ? entry.changes.flatMap((change: { value?: WaValue }) => (change?.value ? [change.value] : []))
      : [],
  )
}

export interface FileRef {
  readonly id: string
  readonly mediaType: string
  readonly name?: string
}

/** null: reactions, system messages and kinds we do not know. */
export function readMessage(
  message: WaMessage,
  value: WaValue,
  channelId: string,
): { message: InboundMessage; file: FileRef | null } | null {
  const { id } = message
  if (typeof id !== 'string') return null
  const from = speakerOf(message, value)
  const media = message.image ?? message.document ?? message.audio ?? message.video
  const note = describe(message)
  const text = (
    message.text?.body ??
    media?.caption ??
    message.button?.text ??
    message.interactive?.button_reply?.title ??
    ''
  ).trim()
  if (text === '' && note === null) return null
  const profile = value.contacts?.find((contact) => contact.wa_id === from || contact.user_id === from)?.profile
  const name = profile?.name ?? profile?.username
  const seconds = Number(message.timestamp)
  return {
    file:
      media?.id === undefined
        ? null
        : {
            id: media.id,
            mediaType: media.mime_type?.split(';')[0] ?? 'application/octet-stream',
            ...(media.filename === undefined ? {} : { name: media.filename }),
          },
    message: {
      channelId,
      userId: from,
      messageId: id,
      content: text === '' ? (note as string) : text,
      timestamp: new Date(Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : Date.now()).toISOString(),
      ...(name === undefined ? {} : { displayName: cleanName(name) }),
    },
  }
}

/** The sender's number where it is told, else the id that people without one have; '' when neither is. */
export function speakerOf({ from, from_user_id: own }: WaMessage, { contacts = [] }: WaValue): string {
  const [contact] = contacts.length === 1 ? contacts : []
  return [from, own, contact?.wa_id, contact?.user_id].find((id) => typeof id === 'string' && id !== '') ?? ''
}

function describe(message: WaMessage): string | null {
  if (message.image !== undefined) return '[photo]'
  if (message.document !== undefined) return `[file ${cleanName(message.document.filename ?? '')}]`
  if (message.audio !== undefined) return '[voice message]'
  if (message.video !== undefined) return '[video]'
  if (message.sticker !== undefined) return '[sticker]'
  if (message.location !== undefined) return `[location ${message.location.latitude}, ${message.location.longitude}]`
  return null
}
