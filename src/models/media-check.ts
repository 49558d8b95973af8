// One picture or document in, the same as a service takes it out, or why it takes it in no form.

import { imageHeader } from './image-header.ts'
import type { MediaLimits } from './media-limits.ts'
import type { Picture } from './picture-scaling.ts'
import type { MediaBlock } from './port.ts'

/** What to send: the same object where nothing has to change. */
export type Checked = { readonly source: Source } | { readonly why: string }

type Source = MediaBlock['source']

/** What a picture or document is called in a note. */
export const nameOf = ({ type, title }: MediaBlock): string =>
  `${type === 'image' ? 'picture' : 'document'}${title === undefined ? '' : ` “${title}”`}`

/** By the source of a block, which is the same object wherever the block is built again. */
const checks = new WeakMap<Source, Map<string, Checked>>()

/** Each is checked once. `side`: the pixels a picture may have a side. */
export async function check(block: MediaBlock, side: number, limits: MediaLimits): Promise<Checked> {
  const { type, source } = block
  if (source.type === 'text') return { source }
  const key = `${side} ${limits.imageChars}`
  const known = checks.get(source)?.get(key)
  if (known !== undefined) return known
  const now = type === 'image' ? await checkImage(source, side, limits) : checkPdf(source, limits)
  checks.set(source, (checks.get(source) ?? new Map()).set(key, now))
  return now
}

/** More pixels than these are not read: a small file may hold as many as a machine has memory for. */
const MOST_PIXELS = 50_000_000

async function checkImage(source: Source, side: number, limits: MediaLimits): Promise<Checked> {
  const bytes = Buffer.from(source.data, 'base64')
  const header = imageHeader(bytes)
  if (header === null || !limits.imageTypes.has(header.mediaType))
    return { why: 'its bytes are no picture of a kind that is taken' }
  const { mediaType, width, height } = header
  const longest = Math.max(width, height)
  // Written again, as the data may have come with line ends or in the letters of a URL.
  const data = isPlainBase64(source.data) ? source.data : bytes.toString('base64')
  if (data.length <= limits.imageChars && longest <= side) {
    const isSame = data === source.data && mediaType === source.media_type
    return { source: isSame ? source : { type: 'base64', media_type: mediaType, data } }
  }
  const isReadable = width * height <= MOST_PIXELS
  const smaller = isReadable ? await smallerPicture(bytes, side, limits) : null
  if (smaller !== null) return { source: { type: 'base64', media_type: smaller.mediaType, data: smaller.data } }
  return {
    why:
      longest > side
        ? `it has ${width} × ${height} pixels, and ${side} a side are taken`
        : `it is larger than ${Math.floor(limits.imageChars / (1024 * 1024))} MB, and could not be made smaller`,
  }
}

/** Threads are loaded for the first picture that needs one. */
async function smallerPicture(bytes: Buffer, side: number, { imageChars }: MediaLimits): Promise<Picture | null> {
  const { scaled } = await import('./picture-scaling.ts')
  return await scaled({ bytes, side, maxChars: imageChars })
}

const isPlainBase64 = (data: string): boolean => /^[A-Za-z0-9+/]*={0,2}$/.test(data) && data.length % 4 === 0

function checkPdf(source: Source, limits: MediaLimits): Checked {
  if (source.media_type !== 'application/pdf') return { why: 'it is of a kind that cannot be read' }
  const bytes = Buffer.from(source.data, 'base64')
  if (bytes.subarray(0, 1024).indexOf('%PDF-') === -1) return { why: 'its bytes are no PDF' }
  if (bytes.includes('/Encrypt')) return { why: 'it is protected by a password' }
  const pages = bytes.toString('latin1').match(/\/Type\s*\/Page(?![a-zA-Z])/g)?.length ?? 0
  if (pages > limits.pdfPages) return { why: `it has ${pages} pages, and ${limits.pdfPages} are taken` }
  const data = isPlainBase64(source.data) ? source.data : bytes.toString('base64')
  return { source: data === source.data ? source : { ...source, data } }
}
