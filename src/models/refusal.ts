// A service's words of refusal in, what of the request it is about out: places in its messages, tools, or settings.

import type { Failure } from './failure-kind.ts'

/** A place as the service counts: in the messages it was sent. */
export interface WirePlace {
  readonly message: number
  /** Index in the content of the message. */
  readonly part?: number
  /** Index in the content of a tool result. */
  readonly inner?: number
  /** Index of a tool call. */
  readonly call?: number
}

export interface WireRefusal {
  /** `settings`: no other content would help. */
  readonly about: 'content' | 'settings' | 'unknown'
  readonly places: readonly WirePlace[]
  /** Indexes in the list of tools. */
  readonly tools: readonly number[]
}

/** `messages.3.content.1.tool_result.content.0`, also with a kind or a role between: `messages.3.user.content.1`. */
const DOTTED = /messages\.(\d+)(?:(?:\.[a-z_]+)?\.content(?:\.[a-z_[][^.\s'"]*)?(?:\.(\d+)(?:\.tool_result\.content\.(\d+))?)?)?/g
/** `messages[3].content[1]`, `messages[3].tool_calls[0]`. */
const BRACKETED = /messages\[(\d+)\](?:\.content\[(\d+)\])?(?:\.tool_calls\[(\d+)\])?/g
const TOOL = /\btools(?:\.(\d+)|\[(\d+)\])/g
/** Fields of a request that no content changes. */
const SETTINGS =
  /\b(?:max_tokens|max_completion_tokens|max_output_tokens|temperature|top_p|top_k|tool_choice|stream|stream_options|reasoning_effort|output_config|effort|thinking\.budget_tokens|metadata)\b['"`]?\s*(?::|is\b|must\b|cannot\b|not\b|\()/i
const OF_SETTINGS =
  /\bparameter:? ['"`]?(?!messages)|extra inputs are not permitted|unrecognized request argument|does not support tools/i
const OF_MEDIA = /image|picture|pdf|document|audio|base64/i
const OF_CONTENT =
  /messages|content|image|picture|pdf|document|\bfile|media|audio|base64|tool_use|tool_result|tool_call|thinking|reasoning|signature|\broles?\b|unicode|surrogate|utf-?8|json|policy|moderat|filter/i

export function refusalIn({ message, param }: Pick<Failure, 'message' | 'param'>): WireRefusal {
  const text = `${param ?? ''} ${message}`
  const places = [...text.matchAll(DOTTED), ...text.matchAll(BRACKETED)].map((match) => placeOf(match))
  const tools = [...text.matchAll(TOOL)].map((match) => Number(match[1] ?? match[2]))
  if (places.length > 0 || tools.length > 0) return { about: 'content', places: unique(places), tools: [...new Set(tools)] }
  return { about: aboutOf(message, param ?? ''), places: [], tools: [] }
}

function placeOf(match: RegExpMatchArray): WirePlace {
  const [whole, message, part, third] = match
  const last = third === undefined ? {} : whole.includes('tool_calls') ? { call: Number(third) } : { inner: Number(third) }
  return { message: Number(message), ...(part === undefined ? {} : { part: Number(part) }), ...last }
}

function unique(places: readonly WirePlace[]): readonly WirePlace[] {
  const seen = new Set<string>()
  return places.filter((place) => {
    const key = `${place.message}.${place.part}.${place.inner}.${place.call}`
    return !seen.has(key) && seen.add(key)
  })
}

function aboutOf(message: string, param: string): WireRefusal['about'] {
  if (/^(?:messages|content|prompt|input)/.test(param)) return 'content'
  if (param !== '' && param !== 'None') return 'settings'
  if (OF_SETTINGS.test(message) || (SETTINGS.test(message) && !OF_MEDIA.test(message))) return 'settings'
  return OF_CONTENT.test(message) ? 'content' : 'unknown'
}
