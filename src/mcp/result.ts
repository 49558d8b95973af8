// What a tool of a server answered in, a result for the model out. Pictures stay pictures; what no model takes is named.

import type { CallToolResult, ContentBlock } from '@modelcontextprotocol/client'
import type { MediaBlock, TextBlock } from '../models/port.ts'
import type { ToolResult } from '../tools/port.ts'

const PICTURES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp'])

export function resultOf({ content = [], structuredContent, isError }: CallToolResult): ToolResult {
  const blocks = content.map(blockOf)
  if (blocks.length === 0) blocks.push(text(structuredContent === undefined ? '[no output]' : JSON.stringify(structuredContent)))
  const texts = blocks.flatMap((block) => (block.type === 'text' ? [block.text] : []))
  return {
    content: texts.length === blocks.length ? texts.join('\n') : blocks,
    ...(isError === true ? { isError } : {}),
  }
}

const text = (content: string): TextBlock => ({ type: 'text', text: content })

function blockOf(block: ContentBlock): TextBlock | MediaBlock {
  switch (block.type) {
    case 'text':
      return text(block.text)
    case 'image':
      if (!PICTURES.has(block.mimeType)) return text(`[a picture of type ${block.mimeType}, which is not shown here]`)
      return { type: 'image', source: { type: 'base64', media_type: block.mimeType, data: block.data } }
    case 'audio':
      return text(`[audio of type ${block.mimeType}, which is not played here]`)
    case 'resource_link':
      return text(`[${block.name}: ${block.uri}]`)
    case 'resource': {
      const { resource } = block
      if ('text' in resource) return text(`${resource.uri}\n${resource.text}`)
      return text(`[${resource.uri}, ${resource.mimeType ?? 'of unknown type'}, which is not shown here]`)
    }
  }
}
