// Chunks of a chat completion in, ModelResult out. One reader for all services that speak this language: what each of them
// does otherwise is in the table of docs/compatibility.md, and its data in test/models/services.

import type { DataReader } from './answer-body.ts'
import { type CallPiece, createChatCalls } from './chat-calls.ts'
import { type ChatUsage, usageIn } from './chat-usage.ts'
import { ServiceFailed, StreamCut } from './failure-kind.ts'
import type { ContentBlock, ModelResult, StopReason, ThinkingBlock } from './port.ts'
import { createThinkTags } from './think-tags.ts'

/** A text, or a list of parts, or one part. */
type Content = string | Part | readonly (Part | string)[] | null
type Part = { readonly type?: string; readonly text?: unknown; readonly thinking?: unknown }

interface ChatDelta {
  readonly content?: Content
  readonly refusal?: string | null
  readonly tool_calls?: readonly CallPiece[] | CallPiece | null
  /** What `tool_calls` was before. */
  readonly function_call?: CallPiece['function']
  readonly [key: string]: unknown
}

export interface ChatChunk {
  readonly model?: string
  readonly choices?: readonly {
    readonly index?: number
    readonly delta?: ChatDelta | null
    /** In place of `delta` where the answer comes whole. */
    readonly message?: ChatDelta | null
    readonly text?: string | null
    readonly finish_reason?: string | null
    readonly usage?: ChatUsage | null
  }[]
  readonly usage?: ChatUsage | null
  readonly x_groq?: { readonly usage?: ChatUsage | null } | null
}

export interface ChatReader extends DataReader<ChatChunk> {
  /** @throws StreamCut when the answer is not whole, ServiceFailed when the service says that it could not make one. */
  result(asked: string): ModelResult
}

const STOP: Readonly<Record<string, StopReason>> = {
  stop: 'end_turn',
  eos: 'end_turn',
  eos_token: 'end_turn',
  end_turn: 'end_turn',
  complete: 'end_turn',
  stop_sequence: 'end_turn',
  length: 'max_tokens',
  max_tokens: 'max_tokens',
  model_length: 'max_tokens',
  tool_calls: 'tool_use',
  tool_use: 'tool_use',
  function_call: 'tool_use',
  content_filter: 'refusal',
  safety: 'refusal',
  recitation: 'refusal',
  blocklist: 'refusal',
  prohibited_content: 'refusal',
  spii: 'refusal',
  sensitive: 'refusal',
  refusal: 'refusal',
}
/** Reasons to end that are no end. */
const FAILED: ReadonlySet<string> = new Set([
  'error',
  'abort',
  'aborted',
  'network_error',
  'insufficient_system_resource',
  'malformed_function_call',
  'unexpected_tool_call',
  'malformed_response',
  'function_call_filter',
])

/** Fields that hold what a model thought, in words. */
const REASONING = ['reasoning_content', 'reasoning', 'reasoning_text', 'thinking'] as const
/** Fields of a message that its service wants back unread. */
const BESIDE = ['reasoning_details', 'thinking_blocks', 'extra_content', 'provider_specific_fields'] as const

/** `from`: names the service and its model, so that what is its own goes back to it alone. */
export function createChatReader(from: string, onText: ((text: string) => void) | undefined, onRestart?: () => void): ChatReader {
  const calls = createChatCalls()
  const beside = new Map<string, unknown>()
  let text = ''
  let reasoning = ''
  let reasoningField: string | undefined
  let refused = false
  let model = ''
  let finish: string | null = null
  let isOver = false
  let usage: ChatUsage | undefined

  const tags = createThinkTags({
    onWords(words) {
      text += words
      onText?.(words)
    },
    onRestart() {
      text = ''
      onRestart?.()
    },
  })

  function takeContent(content: Content | undefined): void {
    if (content === null || content === undefined) return
    if (typeof content === 'string') {
      if (content !== '') tags.push(content)
      return
    }
    for (const part of Array.isArray(content) ? content : [content]) {
      if (typeof part === 'string') tags.push(part)
      else if (part.type === 'thinking' || part.type === 'reasoning') reasoning += wordsOf(part.thinking ?? part.text)
      else if (typeof part.text === 'string') tags.push(part.text)
    }
  }

  function takeDelta(delta: ChatDelta): void {
    for (const field of REASONING) {
      const words = delta[field]
      if (typeof words !== 'string' || words === '') continue
      // Some services send the same words under two names.
      reasoningField ??= field
      if (field === reasoningField) reasoning += words
    }
    for (const field of BESIDE) {
      const value = delta[field]
      if (value !== null && value !== undefined) beside.set(field, merged(beside.get(field), value))
    }
    takeContent(delta.content)
    if (typeof delta.refusal === 'string' && delta.refusal !== '') {
      refused = true
      takeContent(delta.refusal)
    }
    for (const piece of listOf(delta.tool_calls)) calls.take(piece)
    if (delta.function_call !== null && delta.function_call !== undefined) calls.take({ index: 0, function: delta.function_call })
  }

  function contentBlocks(): readonly ContentBlock[] {
    const thought = reasoning === '' ? tags.thoughts : reasoning
    const fields = Object.fromEntries(beside)
    const isBare = beside.size === 0
    const thinking: readonly ThinkingBlock[] =
      thought === '' && isBare
        ? []
        : [
            {
              type: 'thinking',
              thinking: thought,
              from,
              ...(reasoningField && { field: reasoningField }),
              ...(!isBare && { fields }),
            },
          ]
    return [...thinking, ...(text === '' ? [] : [{ type: 'text' as const, text }]), ...calls.blocks(from)]
  }

  function stopReason(): StopReason {
    // Servers differ in what they say beside calls; the calls themselves are what counts, save when they were cut short.
    const reason = finish === null ? null : (STOP[nameOf(finish)] ?? finish)
    if (calls.count > 0 && reason !== 'max_tokens') return 'tool_use'
    return refused ? 'refusal' : (reason ?? 'end_turn')
  }

  return {
    take(chunk) {
      if (typeof chunk.model === 'string' && chunk.model !== '') model = chunk.model
      const choice = chunk.choices?.find(({ index }) => (index ?? 0) === 0)
      usage = chunk.usage ?? chunk.x_groq?.usage ?? choice?.usage ?? usage
      if (choice === undefined) return
      const delta = choice.delta ?? choice.message
      if (delta !== null && delta !== undefined) takeDelta(delta)
      else takeContent(choice.text)
      if (typeof choice.finish_reason === 'string' && choice.finish_reason !== '') finish = choice.finish_reason
    },
    end() {
      isOver = true
    },
    isComplete: () => finish !== null || isOver,
    isOver: () => isOver,
    result(asked) {
      tags.end()
      if (finish !== null && FAILED.has(nameOf(finish))) throw new ServiceFailed(`The service ended its answer with "${finish}".`)
      const isEmpty = text === '' && calls.count === 0
      // Some servers never say why an answer ended; one that ended well, with its calls whole, is an answer.
      if (finish === null && ((isEmpty && !isOver) || !calls.areWhole())) throw new StreamCut('The answer was cut off.')
      return { content: contentBlocks(), stopReason: stopReason(), usage: usageIn(usage), model: model === '' ? asked : model }
    },
  }
}

/** A reason without what some services say about it: `content_filter: SAFETY`. */
const nameOf = (finish: string): string => finish.toLowerCase().replace(/\s*:.*/s, '')

const listOf = (calls: ChatDelta['tool_calls']): readonly CallPiece[] => {
  if (calls === null || calls === undefined) return []
  return Array.isArray(calls) ? calls : [calls as CallPiece]
}

function wordsOf(thinking: unknown): string {
  if (typeof thinking === 'string') return thinking
  return Array.isArray(thinking) ? thinking.map((part: Part) => (typeof part?.text === 'string' ? part.text : '')).join('') : ''
}

type Fields = Readonly<Record<string, unknown>>
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)

/** A field that comes in pieces: texts are joined, lists too, their items by index where they have one. */
function merged(before: unknown, more: unknown): unknown {
  if (before === undefined) return more
  if (Array.isArray(before) && Array.isArray(more)) return mergedLists(before, more)
  if (isFields(before) && isFields(more)) {
    const whole: Record<string, unknown> = { ...before }
    for (const [key, value] of Object.entries(more)) whole[key] = merged(whole[key], value)
    return whole
  }
  return more
}

/** Words of one item come in pieces; its signature and all else come once. */
const IN_PIECES: ReadonlySet<string> = new Set(['text', 'summary', 'data', 'thinking'])

function mergedLists(before: readonly unknown[], more: readonly unknown[]): readonly unknown[] {
  const whole = [...before]
  for (const item of more) {
    const at = isFields(item)
      ? whole.findLastIndex(
          (one) => isFields(one) && item['index'] !== undefined && one['index'] === item['index'] && one['type'] === item['type'],
        )
      : -1
    if (at === -1 || !isFields(item)) {
      whole.push(item)
      continue
    }
    const joined: Record<string, unknown> = { ...(whole[at] as Fields) }
    for (const [key, value] of Object.entries(item)) {
      const known = joined[key]
      if (value === null || value === undefined) continue
      joined[key] = IN_PIECES.has(key) && typeof known === 'string' && typeof value === 'string' ? known + value : value
    }
    whole[at] = joined
  }
  return whole
}
