// Files of a reply as they are kept in, with their bytes out; what is gone is said in words.

import type { SaidMessage } from '../../agent/events.ts'
import type { OutboundFile, OutboundMessage, StoredFile } from '../../channels/port.ts'
import type { FileStore } from '../../storage/ports.ts'

export interface OutgoingFiles {
  readonly attachments?: readonly OutboundFile[]
  /** For people; empty where all files are there. */
  readonly notes: readonly string[]
}

export async function readOutgoing(files: FileStore, stored: readonly StoredFile[] = []): Promise<OutgoingFiles> {
  if (stored.length === 0) return { notes: [] }
  const attachments: OutboundFile[] = []
  const notes: string[] = []
  for (const { id, kind, mediaType, name } of stored) {
    const data = await files.read(id)
    if (data === null) notes.push(`(The file ${name} is no longer kept, so it cannot be sent.)`)
    else attachments.push({ id, kind, mediaType, name, data })
  }
  return { attachments, notes }
}

/** As events and frames carry a message: what is known of its files, without their bytes. */
export function saidOf({ attachments, ...message }: OutboundMessage): SaidMessage {
  if (attachments === undefined) return message
  const files = attachments.map(({ id = '', kind, mediaType, name, data }) => ({ id, kind, mediaType, name, bytes: data.length }))
  return { ...message, attachments: files }
}
