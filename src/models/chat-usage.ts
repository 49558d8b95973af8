// Counts of a chat completion in, under the names that services use, Usage out.

import type { Usage } from './port.ts'

export interface ChatUsage {
  readonly prompt_tokens?: number | null
  readonly completion_tokens?: number | null
  readonly total_tokens?: number | null
  readonly prompt_tokens_details?: { readonly cached_tokens?: number | null } | null
  /** DeepSeek. */
  readonly prompt_cache_hit_tokens?: number | null
  /** Gateways to Anthropic's models: LiteLLM, Bedrock. */
  readonly cache_read_input_tokens?: number | null
  readonly cache_creation_input_tokens?: number | null
  readonly input_tokens?: number | null
  readonly output_tokens?: number | null
}

/** All zeros where the service counted nothing. */
export function usageIn(usage: ChatUsage | undefined): Usage {
  if (usage === undefined) return { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }
  const prompt = counted(usage.prompt_tokens) || counted(usage.input_tokens)
  const said = counted(usage.completion_tokens) || counted(usage.output_tokens)
  const cacheRead = Math.min(
    prompt,
    counted(usage.prompt_tokens_details?.cached_tokens) ||
      counted(usage.prompt_cache_hit_tokens) ||
      counted(usage.cache_read_input_tokens),
  )
  const cacheWrite = Math.min(prompt - cacheRead, counted(usage.cache_creation_input_tokens))
  // Gemini leaves its thoughts out of what it says it wrote, and counts them in the total.
  const output = Math.max(said, counted(usage.total_tokens) - prompt)
  return { input: prompt - cacheRead - cacheWrite, output, cacheRead, cacheWrite }
}

const counted = (value: number | null | undefined): number =>
  typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0
