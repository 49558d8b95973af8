// What services demand of pictures and documents: a body in, null or the words of its refusal out. The figures are those of the
// services' documentation; the pictures are really decoded.

import type { ChatRequest } from './fake-chat-completions.ts'
import type { MessagesRequest, RequestBlock } from './messages-rules.ts'
import { decoded } from './pictures.ts'

const MOST_CHARS = 5 * 1024 * 1024
const MOST_PIXELS = 8000
const MANY = 20
const MOST_PIXELS_OF_MANY = 2000
const MOST_IMAGES = 100
const MOST_PAGES = 100

interface Found {
  readonly at: string
  readonly block: RequestBlock
}

/** The Messages API. */
export function checkMedia(body: MessagesRequest): string | null {
  const found = body.messages.flatMap(({ content }, i) =>
    typeof content === 'string' ? [] : content.flatMap((block, j) => mediaIn(block, `messages.${i}.content.${j}`)),
  )
  const images = found.filter(({ block }) => block.type === 'image')
  const documents = found.length - images.length
  if (found.length > MOST_IMAGES)
    return `messages: too many images and documents: ${images.length} + ${documents} > ${MOST_IMAGES}`
  for (const one of found) {
    const problem = one.block.type === 'image' ? imageProblem(one, images.length > MANY) : pdfProblem(one)
    if (problem !== null) return problem
  }
  return null
}

function mediaIn(block: RequestBlock, at: string): readonly Found[] {
  if (block.type === 'image' || block.type === 'document') return [{ at, block }]
  if (block.type !== 'tool_result' || !Array.isArray(block['content'])) return []
  return (block['content'] as RequestBlock[]).flatMap((one, k) => mediaIn(one, `${at}.tool_result.content.${k}`))
}

function imageProblem({ at, block }: Found, isOfMany: boolean): string | null {
  const source = block['source'] as { type: string; media_type: string; data: string }
  const where = `${at}.image.source.base64`
  if (source.data.length > MOST_CHARS)
    return `${where}: image exceeds 5 MB maximum: ${source.data.length} bytes > ${MOST_CHARS} bytes`
  const seen = decoded(Buffer.from(source.data, 'base64'))
  if (seen === null) return 'Could not process image'
  if (seen.mediaType !== source.media_type)
    return `${where}.data: The image was specified using the ${source.media_type} media type, but the image appears to be a ${seen.mediaType} image`
  const most = isOfMany ? MOST_PIXELS_OF_MANY : MOST_PIXELS
  if (Math.max(seen.width, seen.height) <= most) return null
  const kind = isOfMany ? ' for many-image requests' : ''
  return `${where}.data: At least one of the image dimensions exceed max allowed size${kind}: ${most} pixels`
}

function pdfProblem({ at, block }: Found): string | null {
  const source = block['source'] as { type: string; data: string }
  if (source.type !== 'base64') return null
  const text = Buffer.from(source.data, 'base64').toString('latin1')
  if (!text.startsWith('%PDF-') || !text.includes('%%EOF'))
    return `${at}.pdf.source.base64.data: The PDF specified was not valid.`
  if (text.includes('/Encrypt')) return `${at}.pdf.source.base64.data: The PDF specified is password protected.`
  const pages = text.match(/\/Type \/Page /g)?.length ?? 0
  return pages > MOST_PAGES ? `${at}.pdf.source.base64.data: A maximum of ${MOST_PAGES} PDF pages may be provided.` : null
}

/** OpenAI's chat completions: its refusals seldom say where. */
export function checkChatMedia(body: ChatRequest): string | null {
  for (const { content } of body.messages) {
    if (!Array.isArray(content)) continue
    for (const part of content as { type: string; image_url?: { url: string }; file?: { file_data?: string } }[]) {
      if (part.type === 'image_url') {
        const [, mediaType, data = ''] = /^data:([^;]+);base64,(.*)$/s.exec(part.image_url?.url ?? '') ?? []
        if (mediaType === undefined) return "Invalid 'image_url'."
        const seen = decoded(Buffer.from(data, 'base64'))
        if (seen === null || seen.mediaType !== mediaType)
          return "You uploaded an unsupported image. Please make sure your image has of one the following formats: ['png', 'jpeg', 'gif', 'webp']."
        if (data.length > 20 * 1024 * 1024) return 'Image exceeds the maximum size of 20 MB.'
      }
      if (part.type === 'file') {
        const [, data = ''] = /^data:application\/pdf;base64,(.*)$/s.exec(part.file?.file_data ?? '') ?? []
        const text = Buffer.from(data, 'base64').toString('latin1')
        if (!text.startsWith('%PDF-') || !text.includes('%%EOF') || text.includes('/Encrypt')) return 'Invalid file data.'
      }
    }
  }
  return null
}
