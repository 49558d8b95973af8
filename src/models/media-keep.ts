// The content of a line before it is written: a picture larger than services take is made smaller once, here, rather than before
// each request. What cannot be made smaller stays as it is.

import { check } from './media-check.ts'
import { MESSAGES_LIMITS } from './media-limits.ts'
import type { ContentBlock, MediaBlock } from './port.ts'

type Content = string | readonly ContentBlock[]

/** The same object where nothing had to change. */
export async function keptContent(content: Content): Promise<Content> {
  if (typeof content === 'string' || !content.some(holdsPicture)) return content
  return await Promise.all(
    content.map(async (block): Promise<ContentBlock> => {
      if (isPicture(block)) return await kept(block)
      if (block.type !== 'tool_result' || typeof block.content === 'string') return block
      return { ...block, content: await Promise.all(block.content.map((one) => (isPicture(one) ? kept(one) : one))) }
    }),
  )
}

const isPicture = (block: ContentBlock): block is MediaBlock => block.type === 'image'

const holdsPicture = (block: ContentBlock): boolean =>
  isPicture(block) || (block.type === 'tool_result' && typeof block.content !== 'string' && block.content.some(isPicture))

async function kept(block: MediaBlock): Promise<MediaBlock> {
  const checked = await check(block, MESSAGES_LIMITS.imageSide, MESSAGES_LIMITS)
  return 'source' in checked && checked.source !== block.source ? { ...block, source: checked.source } : block
}
