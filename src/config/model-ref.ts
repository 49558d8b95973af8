// How a model is named → which provider and which of its models. Pure.

import type { ModelRef } from '../plan/plan.ts'
import { nearest } from './suggest.ts'

/**
 * `provider/model`; a provider's key alone; a bare name is Anthropic's. Null: the provider is not known, `near` may say
 * which one is meant. `defaults`: provider id → its default model.
 */
export function resolveModel(text: string, defaults: ReadonlyMap<string, string>): ModelRef | { readonly unknown: string } {
  const own = defaults.get(text)
  if (own !== undefined) return { provider: text, model: own }
  const slash = text.indexOf('/')
  if (slash === -1) {
    // A misspelled key of `models` would otherwise be sent to Anthropic as a model's name.
    const near = text.startsWith('claude') ? undefined : nearest(text, defaults.keys())
    return near === undefined ? { provider: 'anthropic', model: text } : { unknown: text }
  }
  const provider = text.slice(0, slash)
  const model = text.slice(slash + 1)
  return defaults.has(provider) && model !== '' ? { provider, model } : { unknown: provider }
}

/** What a name means; the check of models has told of one that is not known. */
export function modelRef(text: string, defaults: ReadonlyMap<string, string>): ModelRef {
  const resolved = resolveModel(text, defaults)
  return 'unknown' in resolved ? { provider: 'anthropic', model: text } : resolved
}
