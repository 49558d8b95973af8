// Files that people sent in, copies in `inbox/` of the agent's workspace out, where its tools can work on them. Nothing there is
// overwritten; a copy that is there already is used again, so that a turn that is resumed makes no second one.

import { extname } from 'node:path'
import { safeName } from '../../channels/media.ts'
import type { Attachment } from '../../channels/port.ts'
import { messageOf } from '../../errors.ts'
import type { PathGate } from '../../permissions/port.ts'
import type { Logger } from '../../ports.ts'

const FOLDER = 'inbox'
/** Names tried before a file is left out: as many of one name are a flood. */
const MOST_OF_A_NAME = 1000

const EXTENSIONS: Readonly<Record<string, string>> = {
  'image/jpeg': '.jpg',
  'image/png': '.png',
  'image/gif': '.gif',
  'image/webp': '.webp',
  'application/pdf': '.pdf',
  'audio/ogg': '.ogg',
  'audio/mpeg': '.mp3',
  'video/mp4': '.mp4',
  'text/plain': '.txt',
}

/** The same attachment with the path of its copy. What cannot be saved is logged, and stays as it is: it is in the message all the same. */
export async function savedToInbox(
  media: Attachment,
  paths: Pick<PathGate, 'writeNew' | 'readBytes'>,
  log: Pick<Logger, 'warn'>,
): Promise<Attachment> {
  if (media.data === undefined) return media
  const data = Buffer.from(media.data, 'base64')
  try {
    const path = await save(nameOf(media), data, paths)
    return path === null ? media : { ...media, path }
  } catch (error) {
    log.warn({ file: media.name, error: messageOf(error) }, 'a file that was sent in could not be saved to the inbox')
    return media
  }
}

function nameOf({ name, kind, mediaType }: Attachment): string {
  const safe = safeName(name ?? kind)
  return extname(safe) === '' ? `${safe}${EXTENSIONS[mediaType] ?? ''}` : safe
}

async function save(name: string, data: Buffer, paths: Pick<PathGate, 'writeNew' | 'readBytes'>): Promise<string | null> {
  const extension = extname(name)
  const stem = name.slice(0, name.length - extension.length)
  for (let count = 1; count <= MOST_OF_A_NAME; count++) {
    const path = `${FOLDER}/${count === 1 ? name : `${stem}-${count}${extension}`}`
    if ((await paths.writeNew(path, data)) !== null) return path
    if (await holds(path, data, paths)) return path
  }
  return null
}

async function holds(path: string, data: Buffer, paths: Pick<PathGate, 'readBytes'>): Promise<boolean> {
  const there = await paths.readBytes(path, { maxBytes: data.length }).catch(() => null)
  return there?.equals(data) === true
}
