// Files of replies: as frames and answers name them, and as they are served. Anyone who knows a file's address may fetch it, as it
// cannot be guessed: a page cannot send a token with a picture's address.

import { mediaTypeOf } from '../channels/media.ts'
import type { StoredFile } from '../channels/port.ts'
import type { Engine } from '../engine/port.ts'
import { problem } from './replies.ts'

/** A file of a reply, for those who read frames and answers. */
export interface AttachmentView {
  readonly name: string
  readonly mimeType: string
  readonly bytes: number
  /** On this gateway: a path to fetch it by, for 30 days. */
  readonly url: string
}

export const viewOf = ({ id, name, mediaType, bytes }: StoredFile): AttachmentView => ({
  name,
  mimeType: mediaType,
  bytes,
  url: `/files/${id}/${encodeURIComponent(name)}`,
})

/** `{ attachments }` where there are any. */
export const viewsOf = (files: readonly StoredFile[] = []): { attachments?: readonly AttachmentView[] } =>
  files.length === 0 ? {} : { attachments: files.map(viewOf) }

/** What a browser may show by itself; all else is a download, since it could run as a page of ours. */
const SHOWN = /^(image\/(png|jpeg|gif|webp)|audio\/[\w.+-]+|video\/[\w.+-]+|application\/pdf)$/

export async function serveFile(engine: Pick<Engine, 'readFile'>, id: string, name: string): Promise<Response> {
  const data = await engine.readFile(id)
  if (data === null) return problem(404, 'not_found', 'This file is not kept, or not any more.')
  const mediaType = mediaTypeOf(name, data)
  const shown = SHOWN.test(mediaType)
  return new Response(new Uint8Array(data), {
    headers: {
      'content-type': shown ? mediaType : 'application/octet-stream',
      'content-disposition': `${shown ? 'inline' : 'attachment'}; filename*=UTF-8''${encodeURIComponent(name)}`,
      'content-security-policy': "default-src 'none'; sandbox",
      'cache-control': 'private, max-age=86400, immutable',
    },
  })
}
