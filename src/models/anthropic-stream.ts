// Events of a streamed answer in, ModelResult out. Kinds of blocks and reasons that are new pass through as they came.

import type { DataReader } from './answer-body.ts'
import { StreamCut } from './failure-kind.ts'
import type { ContentBlock, ModelResult } from './port.ts'

export interface StreamEvent {
  readonly type: string
  readonly index?: number
  readonly message?: { readonly model?: string; readonly usage?: WireUsage; readonly content?: readonly WireBlock[] }
  readonly content_block?: WireBlock
  readonly delta?: { readonly type?: string; readonly stop_reason?: string | null; readonly [key: string]: unknown }
  readonly usage?: WireUsage
  /** Of a whole message. */
  readonly model?: string
  readonly content?: readonly WireBlock[]
  readonly stop_reason?: string | null
}
type WireBlock = { type: string; [key: string]: unknown }
interface WireUsage {
  readonly input_tokens?: number | null
  readonly output_tokens?: number | null
  readonly cache_read_input_tokens?: number | null
  readonly cache_creation_input_tokens?: number | null
}

export interface MessageReader extends DataReader<StreamEvent> {
  /** @throws StreamCut when the service did not say that it was done. */
  result(asked: string): ModelResult
}

export function createMessageReader(onText: ((text: string) => void) | undefined): MessageReader {
  const blocks: WireBlock[] = []
  const inputs = new Map<number, string>()
  let usage: WireUsage = {}
  let model = ''
  let stopReason: string | null = null
  let isOver = false

  function add(index: number, delta: NonNullable<StreamEvent['delta']>): void {
    const block = blocks[index]
    if (block === undefined) return
    switch (delta.type) {
      case 'text_delta':
        block['text'] = `${block['text'] ?? ''}${delta['text']}`
        onText?.(String(delta['text']))
        return
      case 'input_json_delta':
        inputs.set(index, (inputs.get(index) ?? '') + String(delta['partial_json']))
        return
      case 'thinking_delta':
        block['thinking'] = `${block['thinking'] ?? ''}${delta['thinking']}`
        return
      case 'signature_delta':
        block['signature'] = delta['signature']
        return
      case 'citations_delta':
        block['citations'] = [...((block['citations'] as unknown[] | null | undefined) ?? []), delta['citation']]
        return
    }
  }

  function takeWhole(event: StreamEvent): void {
    model = event.model ?? ''
    usage = { ...withoutNulls(event.usage) }
    for (const block of event.content ?? []) {
      blocks.push({ ...block })
      if (block.type === 'text') onText?.(String(block['text']))
    }
    stopReason = event.stop_reason ?? 'end_turn'
    isOver = true
  }

  return {
    take(event) {
      switch (event.type) {
        case 'message_start':
          model = event.message?.model ?? ''
          usage = { ...event.message?.usage }
          return
        case 'content_block_start':
          if (event.content_block === undefined) return
          blocks[event.index ?? blocks.length] = { ...event.content_block }
          if (event.content_block.type === 'text' && event.content_block['text']) onText?.(String(event.content_block['text']))
          return
        case 'content_block_delta':
          if (event.delta !== undefined) add(event.index ?? blocks.length - 1, event.delta)
          return
        case 'message_delta':
          stopReason = event.delta?.stop_reason ?? stopReason
          usage = { ...usage, ...withoutNulls(event.usage) }
          return
        case 'message_stop':
          isOver = true
          return
        // The whole message at once, from servers that do not stream.
        case 'message':
          takeWhole(event)
      }
    },
    end() {
      isOver = true
    },
    // Some servers that imitate the API leave out the last event; a reason to stop is as good.
    isComplete: () => isOver || stopReason !== null,
    isOver: () => isOver,
    result(asked) {
      if (!isOver && stopReason === null) throw new StreamCut('The answer was cut off.')
      for (const [index, json] of inputs) {
        const block = blocks[index]
        if (block !== undefined && json !== '') block['input'] = parseInput(json)
      }
      return {
        content: blocks.filter(
          (block) => block !== undefined && !(block.type === 'text' && block['text'] === ''),
        ) as unknown as ContentBlock[],
        stopReason: stopReason ?? 'end_turn',
        usage: {
          input: usage.input_tokens ?? 0,
          output: usage.output_tokens ?? 0,
          cacheRead: usage.cache_read_input_tokens ?? 0,
          cacheWrite: usage.cache_creation_input_tokens ?? 0,
        },
        model: model === '' ? asked : model,
      }
    },
  }
}

/** An input cut off by the token limit stays a text, which no tool's schema accepts, so that half a command never runs. */
export function parseInput(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return json
  }
}

function withoutNulls(usage: WireUsage | undefined): WireUsage {
  return Object.fromEntries(Object.entries(usage ?? {}).filter(([, value]) => value !== null && value !== undefined))
}
