// Files that a tool attaches to the reply in, copies in the state folder out. What cannot go is said to the model, which can do
// something about it.

import { basename } from 'node:path'
import { kindOf, mediaTypeOf, safeName } from '../../channels/media.ts'
import type { StoredFile } from '../../channels/port.ts'
import { DEFAULTS } from '../../config/generated/defaults.ts'
import { messageOf } from '../../errors.ts'
import type { PathGate } from '../../permissions/port.ts'
import type { Registry } from '../../registry.ts'
import type { FileStore } from '../../storage/ports.ts'
import type { AttachedFile, ToolResult } from '../../tools/port.ts'
import type { TurnContext } from '../turns/turn-context.ts'

/** Files of one turn at most; more is a mistake, and a flood in a chat. */
export const MOST_ATTACHMENTS = 20

export interface AttachmentWorld {
  readonly paths: Pick<PathGate, 'readBytes'>
  readonly files: FileStore
  /** Largest file of the chat that is answered. */
  readonly maxBytes: number
  redact(text: string): string
}

export interface Attached {
  readonly stored: readonly StoredFile[]
  /** For the model: each file that does not go, and why. */
  readonly problems: readonly string[]
}

const isStored = (file: AttachedFile | StoredFile): file is StoredFile => 'id' in file

/** @throws when the state folder cannot take a copy */
export async function storeAttachments(given: ToolResult['attachments'] = [], world: AttachmentWorld): Promise<Attached> {
  const stored: StoredFile[] = []
  const problems: string[] = []
  for (const file of given) {
    const name = isStored(file) ? file.name : (file.name ?? basename(String(file.path)))
    const problem = stored.length >= MOST_ATTACHMENTS ? `at most ${MOST_ATTACHMENTS} files go with one reply` : null
    const result = problem ?? (isStored(file) ? file : await storeOne(file, name, world))
    if (typeof result === 'string') problems.push(`${name} was not attached: ${result}`)
    else stored.push(result)
  }
  return { stored, problems }
}

async function storeOne(file: AttachedFile, name: string, world: AttachmentWorld): Promise<StoredFile | string> {
  let data: Buffer
  try {
    data = await world.paths.readBytes(file.path, { maxBytes: world.maxBytes })
  } catch (error) {
    return messageOf(error)
  }
  if (data.length === 0) return 'The file is empty.'
  if (holdsSecret(data, world.redact)) return 'It holds a secret of this bot.'
  const mediaType = mediaTypeOf(name, data)
  return await world.files.put({ kind: kindOf(mediaType), mediaType, name: safeName(name) }, data)
}

/** Bytes one to one, so that a text is found in any kind of file that holds it as it is. */
function holdsSecret(data: Buffer, redact: (text: string) => string): boolean {
  const text = data.toString('latin1')
  return redact(text) !== text
}

/** What the channel of the chat takes; elsewhere (a heartbeat, a sub-agent) what channels take by default. */
export function largestFile({ plan, session }: Pick<TurnContext, 'plan' | 'session'>): number {
  const channel = session.channelId === undefined ? undefined : plan.channels.get(session.channelId)
  return channel?.media.maxBytes ?? DEFAULTS.channel.media.maxBytes
}

/** For the model, where the chat it answers shows no files. */
export function unsendable(registry: Registry, { plan, session }: Pick<TurnContext, 'plan' | 'session'>): readonly string[] {
  const type = session.channelId === undefined ? undefined : plan.channels.get(session.channelId)?.type
  const definition = registry.channels.find((one) => one.type === type)
  if (definition === undefined || definition.traits.media) return []
  return ['This chat takes no files: people only read the name and size of what you attach. Say in words what matters.']
}
