// The blocks of one answer in, the same with an id of its own for each tool call out: a result names its call by id alone.

import type { ContentBlock, ToolUseBlock } from './port.ts'

/** Ids stay where they are legal and come once; a service gets back the one it sent, unless that names another call too. */
export function withOwnIds<Block extends ContentBlock>(blocks: readonly Block[]): readonly Block[] {
  const used = new Set<string>()
  const own = blocks.map((block) => (isCall(block) ? withOwnId(block, used) : block))
  return own.every((block, index) => block === blocks[index]) ? blocks : own
}

const isCall = <Block extends ContentBlock>(block: Block): block is Block & ToolUseBlock => block.type === 'tool_use'

function withOwnId<Call extends ToolUseBlock>(call: Call, used: Set<string>): Call {
  const sent = String(call.id ?? '')
  const plain = sent.replace(/[^a-zA-Z0-9_-]/g, '_').slice(0, 64) || `call_${crypto.randomUUID().slice(0, 12)}`
  let id = plain
  for (let n = 2; used.has(id); n++) id = `${plain}_${n}`
  used.add(id)
  if (id === call.id) return call
  return id === plain && sent !== '' ? { ...call, id, fields: { ...call.fields, id: sent } } : { ...call, id }
}
