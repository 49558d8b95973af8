// What one service does its own way: the bytes it sends, and what the reader must make of them. The table of
// docs/compatibility.md is made of these.

/** Rows of the table, in its order. */
export const QUIRKS = {
  'content-parts': 'The text comes as a list of parts',
  reasoning: 'Thoughts come in a field of their own',
  'think-tags': 'Thoughts come in the text, between tags',
  'thoughts-go-back': 'Thoughts must come back with the calls they led to',
  'call-fields': 'Fields of a call must come back with it',
  'whole-calls': 'Several whole calls come under one index or none',
  'call-pieces': 'Calls come in pieces of an unusual shape',
  'call-ids': 'Ids of calls are empty, come twice, or have their own form',
  'map-arguments': 'Arguments come as a map, or encoded twice',
  'finish-reasons': 'The answer ends for reasons of its own',
  'no-finish': 'The answer ends without a reason',
  'failed-inside': 'An error comes inside an answer that began well',
  'json-answer': 'Whole JSON comes though a stream was asked for',
  'stream-form': 'The stream has comments, odd line ends, or no end mark',
  'late-reset': 'The connection is reset after the last event',
  'usage-names': 'Tokens are counted under other names',
  'no-usage': 'Tokens are not counted',
  'error-shape': 'Errors have a shape of their own',
  'no-model': 'A model that is not there is told its own way',
  'no-media': 'A model without eyes is told its own way',
} as const

export type QuirkName = keyof typeof QUIRKS

export interface Quirk {
  readonly quirk: QuirkName
  /** What this service does, in a few words: the note under the table. */
  readonly what: string
  /** Default: 200. */
  readonly status?: number
  /** The body as it is sent. */
  readonly body: string
  /** The connection is reset after the body. */
  readonly reset?: true
  readonly headers?: Readonly<Record<string, string>>
  readonly expect: Expected
}

export interface Expected {
  readonly text?: string
  readonly thoughts?: string
  /** Names and inputs, in order. */
  readonly calls?: readonly (readonly [name: string, input: unknown])[]
  readonly stopReason?: string
  readonly usage?: { readonly input: number; readonly output: number; readonly cacheRead?: number; readonly cacheWrite?: number }
  /** What the assistant's message of the next request must hold. */
  readonly sentBack?: unknown
  /** What it must not hold, as a path of one field. */
  readonly notSentBack?: string
  readonly error?: { readonly kind: string; readonly message?: RegExp }
}

export interface Service {
  readonly name: string
  readonly quirks: readonly Quirk[]
}

const base = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'm' }

export const data = (value: unknown): string => `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`
export const DONE = data('[DONE]')
export const chunk = (delta: object, finish: string | null = null, more: object = {}): string =>
  data({ ...base, choices: [{ index: 0, delta, finish_reason: finish }], ...more })
export const counts = (usage: object): string => data({ ...base, choices: [], usage })
export const calls = (...list: readonly object[]): string => chunk({ tool_calls: list })
export const call = (name: string, args: unknown, more: object = {}): object => ({
  type: 'function',
  function: { name, arguments: args },
  ...more,
})
/** An answer that ends as most do. */
export const answer = (...chunks: readonly string[]): string => [...chunks, chunk({}, 'stop'), DONE].join('')
export const answerWithCalls = (...chunks: readonly string[]): string => [...chunks, chunk({}, 'tool_calls'), DONE].join('')
