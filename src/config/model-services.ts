// The kinds of model service in a registry and the `models` of a file → which providers there are, and what their keys alone mean.

import type { ProviderDefinition } from '../models/port.ts'
import type { Registry } from '../registry.ts'
import type { Config, ModelProvider } from './generated/config.ts'

type Definitions = Registry['providers']

/** Providers that exist without being configured, named like their type. */
export const implicitProviders = (definitions: Definitions): readonly string[] =>
  definitions.filter(({ traits }) => traits?.implicit === true).map(({ type }) => type)

export const definitionOf = (type: string, definitions: Definitions): ProviderDefinition | undefined =>
  definitions.find((one) => one.type === type)

/** Provider id → the model its key alone means. */
export function defaultModels(config: Pick<Config, 'models'>, definitions: Definitions): ReadonlyMap<string, string> {
  const defaults = new Map(implicitProviders(definitions).map((id) => [id, definitionOf(id, definitions)?.defaultModel ?? id]))
  for (const [id, spec] of Object.entries(config.models ?? {}) as [string, ModelProvider][]) {
    if (!id.startsWith('x-')) defaults.set(id, spec.model ?? definitionOf(spec.provider, definitions)?.defaultModel ?? id)
  }
  return defaults
}

/** Provider id → the kind of its service. */
export function servicesOf(config: Pick<Config, 'models'>, definitions: Definitions): ReadonlyMap<string, string> {
  const named = Object.entries(config.models ?? {}) as [string, ModelProvider][]
  return new Map([
    ...implicitProviders(definitions).map((id) => [id, id] as const),
    ...named.map(([id, { provider }]) => [id, provider] as const),
  ])
}
