// A service's refusal of an optional parameter in, the parameters for all later requests out: services differ in which they know,
// and newer models refuse the older name of a limit.

export interface ChatParameters {
  /** The name of the limit of an answer. */
  readonly limit: 'max_tokens' | 'max_completion_tokens'
  /** Parameters that are left out. */
  readonly without: ReadonlySet<string>
}

const OPTIONAL = ['stream_options', 'reasoning_effort'] as const
const IS_REFUSED =
  /unsupported|not supported|does not support|unrecognized|unknown|unexpected|extra (?:inputs|fields|parameters)|not permitted|not allowed|forbidden|instead/i

/** null: nothing of it is about a parameter that can go. */
export function withoutRefused(error: unknown, now: ChatParameters): ChatParameters | null {
  if (!(error instanceof Error)) return null
  const { status, param } = error as Error & { readonly status?: number; readonly param?: string | null }
  if (status !== 400 && status !== 422) return null
  const text = `${param ?? ''} ${error.message}`
  if (!IS_REFUSED.test(text)) return null
  const named = /\bmax_(?:completion_)?tokens\b/.exec(text)?.[0]
  if (named === now.limit) return { ...now, limit: named === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens' }
  const refused = OPTIONAL.find((name) => text.includes(name) && !now.without.has(name))
  return refused === undefined ? null : { ...now, without: new Set([...now.without, refused]) }
}
