// Chunks of a chat completion in, ModelResult out.

import { parseInput } from './anthropic-stream.ts'
import type { ContentBlock, ModelResult, StopReason } from './port.ts'
import { StreamCut } from './service.ts'

export interface ChatChunk {
  readonly error?: { readonly type?: string; readonly code?: string; readonly message?: string }
  readonly model?: string
  readonly choices?: readonly {
    readonly delta?: {
      readonly content?: string | null
      readonly refusal?: string | null
      readonly tool_calls?: readonly {
        readonly index?: number
        readonly id?: string
        readonly function?: { readonly name?: string; readonly arguments?: string }
      }[]
    }
    readonly finish_reason?: string | null
  }[]
  readonly usage?: {
    readonly prompt_tokens?: number
    readonly completion_tokens?: number
    readonly prompt_tokens_details?: { readonly cached_tokens?: number } | null
  } | null
}

export interface ChatReader {
  take(chunk: ChatChunk): void
  /** @throws StreamCut when no chunk said why the answer ended. */
  result(asked: string): ModelResult
}

const STOP: Readonly<Record<string, StopReason>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  tool_calls: 'tool_use',
  function_call: 'tool_use',
  content_filter: 'refusal',
}

export function createChatReader(onText: ((text: string) => void) | undefined): ChatReader {
  const calls = new Map<number, { id: string; name: string; input: string }>()
  let text = ''
  let refused = false
  let model = ''
  let finish: string | null = null
  let usage: ChatChunk['usage'] = null

  function say(piece: string | null | undefined): void {
    if (piece === null || piece === undefined || piece === '') return
    text += piece
    onText?.(piece)
  }

  return {
    take(chunk) {
      if (chunk.model !== undefined && chunk.model !== '') model = chunk.model
      if (chunk.usage !== undefined && chunk.usage !== null) usage = chunk.usage
      const choice = chunk.choices?.[0]
      if (choice === undefined) return
      say(choice.delta?.content)
      if (choice.delta?.refusal) refused = true
      say(choice.delta?.refusal)
      for (const [i, part] of (choice.delta?.tool_calls ?? []).entries()) {
        // Some servers send whole calls without an index, each under an id of its own.
        const known = part.id === undefined ? undefined : [...calls].find(([, call]) => call.id === part.id)?.[0]
        const index = part.index ?? known ?? (part.id === undefined ? calls.size - 1 : calls.size + i)
        const call = calls.get(index) ?? { id: '', name: '', input: '' }
        calls.set(index, {
          id: part.id ?? call.id,
          name: call.name === '' ? (part.function?.name ?? '') : call.name,
          input: call.input + (part.function?.arguments ?? ''),
        })
      }
      finish = choice.finish_reason ?? finish
    },
    result(asked) {
      if (finish === null) throw new StreamCut('The answer was cut off.')
      const content: ContentBlock[] = text === '' ? [] : [{ type: 'text', text }]
      for (const [index, call] of [...calls].sort(([a], [b]) => a - b)) {
        const id = call.id === '' ? `call_${crypto.randomUUID().slice(0, 12)}_${index}` : call.id
        content.push({ type: 'tool_use', id, name: call.name, input: call.input.trim() === '' ? {} : parseInput(call.input) })
      }
      const cached = usage?.prompt_tokens_details?.cached_tokens ?? 0
      return {
        content,
        // Servers differ in what they say beside calls; the calls themselves are what counts, save when they were cut short.
        stopReason: calls.size > 0 && finish !== 'length' ? 'tool_use' : refused ? 'refusal' : (STOP[finish] ?? finish),
        usage: {
          input: (usage?.prompt_tokens ?? 0) - cached,
          output: usage?.completion_tokens ?? 0,
          cacheRead: cached,
          cacheWrite: 0,
        },
        model: model === '' ? asked : model,
      }
    },
  }
}
