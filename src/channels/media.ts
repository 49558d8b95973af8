// Files on their way in and out: what the bytes are, what is taken, how much is read.

import micromatch from 'micromatch'
import { groupSettings } from '../plan/group-settings.ts'
import type { ChannelPlan } from '../plan/plan.ts'
import { cleanName, withoutUnseen } from '../text-cut.ts'
import type { Attachment, InboundMessage, OutboundFile } from './port.ts'

const SIGNATURES: readonly (readonly [prefix: string, mediaType: string, at?: number])[] = [
  ['89504e470d0a1a0a', 'image/png'],
  ['ffd8ff', 'image/jpeg'],
  ['474946383961', 'image/gif'],
  ['474946383761', 'image/gif'],
  ['57454250', 'image/webp', 8],
  ['25504446', 'application/pdf'],
  ['4f676753', 'audio/ogg'],
  ['494433', 'audio/mpeg'],
  ['1a45dfa3', 'video/webm'],
  ['66747970', 'video/mp4', 4],
]

/** The type the first bytes show, or null. */
export function sniff(bytes: Uint8Array): string | null {
  const hex = Buffer.from(bytes.subarray(0, 16)).toString('hex')
  for (const [prefix, mediaType, at = 0] of SIGNATURES) if (hex.startsWith(prefix, at * 2)) return mediaType
  return null
}

const BY_EXTENSION: Readonly<Record<string, string>> = {
  txt: 'text/plain',
  md: 'text/markdown',
  csv: 'text/csv',
  json: 'application/json',
  html: 'text/html',
  svg: 'image/svg+xml',
  wav: 'audio/wav',
  m4a: 'audio/mp4',
  zip: 'application/zip',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  pptx: 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
}

/** By its bytes, else by its name. */
export const mediaTypeOf = (name: string, bytes: Uint8Array): string =>
  sniff(bytes) ?? BY_EXTENSION[/\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase() ?? ''] ?? 'application/octet-stream'

export function kindOf(mediaType: string): Attachment['kind'] {
  const major = mediaType.split('/')[0]
  return major === 'image' || major === 'audio' || major === 'video' ? major : 'document'
}

export interface FileToFetch {
  readonly mediaType: string
  readonly name?: string
  readonly bytes?: number
  /** Reads at most `maxBytes`; null: there is more. */
  fetch(maxBytes: number, signal: AbortSignal): Promise<Buffer | null>
}

const FETCH_MS = 30_000

type Limits = Pick<ChannelPlan, 'media'>

/** Fetches a file within the channel's limits. Never throws: what could not be had is said in `note`. */
export async function attach(file: FileToFetch, spec: Limits, worth: boolean): Promise<Attachment> {
  const mediaType = file.mediaType.toLowerCase()
  const known = {
    kind: kindOf(mediaType),
    mediaType,
    ...(file.name === undefined ? {} : { name: file.name }),
    ...(file.bytes === undefined ? {} : { bytes: file.bytes }),
  }
  if (!worth) return { ...known, note: 'not fetched: the message is not for the bot' }
  if (!takes(spec, mediaType)) return { ...known, note: `not fetched: ${mediaType} is not among the types this channel takes` }
  const tooLarge = `not fetched: larger than ${spec.media.maxBytes} bytes`
  if ((file.bytes ?? 0) > spec.media.maxBytes) return { ...known, note: tooLarge }
  try {
    const bytes = await file.fetch(spec.media.maxBytes, AbortSignal.timeout(FETCH_MS))
    if (bytes === null) return { ...known, note: tooLarge }
    const seen = sniff(bytes)
    const actual = seen ?? (mediaType.startsWith('image/') ? 'application/octet-stream' : mediaType)
    if (actual !== mediaType && !takes(spec, actual)) return { ...known, note: `not taken: its bytes are ${actual}` }
    return { ...known, kind: kindOf(actual), mediaType: actual, bytes: bytes.length, data: bytes.toString('base64') }
  } catch {
    return { ...known, note: 'not fetched: the download failed' }
  }
}

/** A message with its files, fetched within the channel's limits. */
export async function withFiles(
  spec: Limits & Pick<ChannelPlan, 'id' | 'allowFrom' | 'groups'>,
  message: InboundMessage,
  files: readonly FileToFetch[],
): Promise<InboundMessage> {
  if (files.length === 0) return message
  const worth = worthFetching(spec, message)
  return { ...message, media: await Promise.all(files.map((file) => attach(file, spec, worth))) }
}

/** What people read in place of a file that cannot be sent to them. */
export const fileNote = ({ name, data }: OutboundFile, platform: string): string =>
  `(The file ${cleanName(name)}, ${sizeOf(data.length)}, cannot be sent over ${platform}.)`

function sizeOf(bytes: number): string {
  if (bytes < 1000) return bytes === 1 ? '1 byte' : `${bytes} bytes`
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`
}

export const takes = (spec: Limits, mediaType: string): boolean =>
  spec.media.accept === undefined || micromatch.isMatch(mediaType, [...spec.media.accept], { nocase: true })

/** Whether fetching files for this message can be of use: not for strangers, and not for talk the bot does not answer. */
export function worthFetching(
  spec: Pick<ChannelPlan, 'id' | 'allowFrom' | 'groups'>,
  message: Pick<InboundMessage, 'userId' | 'groupId' | 'threadId' | 'mentionsBot'>,
): boolean {
  if (spec.allowFrom !== undefined && !spec.allowFrom.includes(`${spec.id}:${message.userId}`)) return false
  if (message.groupId === undefined) return true
  if (spec.groups.allow !== undefined && !spec.groups.allow.includes(message.groupId)) return false
  const { respond } = groupSettings(spec, message)
  return respond === 'always' || (respond === 'mention' && message.mentionsBot === true)
}

/** Reads a response's body up to `maxBytes`; null: there is more. @throws when the status is no success */
export async function readBody(response: Response, maxBytes: number): Promise<Buffer | null> {
  if (!response.ok) throw new Error(`status ${response.status}`)
  if (Number(response.headers.get('content-length') ?? 0) > maxBytes) {
    await response.body?.cancel()
    return null
  }
  const chunks: Uint8Array[] = []
  let size = 0
  if (response.body === null) return Buffer.alloc(0)
  for await (const chunk of response.body) {
    size += chunk.length
    if (size > maxBytes) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

const MAX_NAME = 100
/** File systems take 255, and a suffix must fit. */
const MAX_NAME_BYTES = 200

/** A file name that is one on every system: no folder, no controls, no characters that mean something to a shell or a URL. */
export function safeName(name: string): string {
  const last = (name.split(/[\\/]/).at(-1) ?? '').normalize('NFC')
  const plain = withoutUnseen(last)
    .replace(/[<>:"|?*]+/g, '_')
    .replace(/^[\s.-]+|[\s.]+$/g, '')
  const [, stem = '', extension = ''] = /^(.*?)(\.[A-Za-z0-9]{1,10})?$/su.exec(plain) ?? []
  let short = [...stem].slice(0, MAX_NAME)
  while (Buffer.byteLength(short.join('')) > MAX_NAME_BYTES) short = short.slice(0, -1)
  return stem === '' ? `file${extension}` : `${short.join('').trimEnd()}${extension}`
}
