// `models` and the two providers that always exist → provider specs.

import { type Diagnostic, diagnostic } from '../../errors.ts'
import { fingerprint } from '../../plan/fingerprint.ts'
import { type PluginPlan, type ProviderSpec, Secret } from '../../plan/plan.ts'
import type { Registry } from '../../registry.ts'
import type { ConfigDocument } from '../document.ts'
import { durationMs } from '../durations.ts'
import type { NamedFiles } from '../files.ts'
import type { Config, ModelProvider } from '../generated/config.ts'
import { DEFAULTS } from '../generated/defaults.ts'
import type { Lookup } from '../interpolate.ts'
import { definitionOf, implicitProviders } from '../model-services.ts'
import { optional } from '../optional.ts'
import type { SecretStore } from '../secrets.ts'
import { type Path, pointerOf } from '../shape.ts'

interface Input {
  readonly doc: ConfigDocument
  readonly registry: Registry
  readonly config: Config
  readonly files: NamedFiles
  readonly secrets: SecretStore
  readonly lookup: Lookup
  readonly plugins: readonly PluginPlan[]
  report(problem: Diagnostic): void
}

export async function compileProviders(input: Input): Promise<ReadonlyMap<string, ProviderSpec>> {
  const specs = new Map<string, ProviderSpec>()
  const named = Object.entries(input.config.models ?? {}).filter(([id]) => !id.startsWith('x-')) as [string, ModelProvider][]
  for (const [id, from] of named) specs.set(id, await compileProvider(id, from, input))
  for (const id of implicitProviders(input.registry.providers))
    if (!specs.has(id)) specs.set(id, await compileProvider(id, { provider: id }, input))
  return specs
}

async function compileProvider(id: string, from: ModelProvider, input: Input): Promise<ProviderSpec> {
  const { secrets, lookup, doc } = input
  const path = ['models', id]
  const definition = definitionOf(from.provider, input.registry.providers)
  const names = definition?.environment
  const baseURL = from.baseURL ?? (names?.url === undefined ? undefined : lookup(names.url) || undefined)
  // The environment's key goes to the service it belongs to, not to whatever server `baseURL` names.
  const fallback = names === undefined || from.baseURL !== undefined ? undefined : lookup(names.key)
  const apiKey = secrets.get([...path, 'apiKey']) ?? (fallback ? new Secret(fallback) : undefined)
  const headers: Record<string, Secret> = {}
  for (const name of Object.keys(from.headers ?? {})) headers[name] = secrets.get([...path, 'headers', name]) ?? new Secret('')
  const prices = Object.entries(from.prices ?? {}).map(([model, price]) => {
    const { input: read, output, cacheRead = read / 10, cacheWrite = read * 1.25 } = price
    return [model, { input: read, output, cacheRead, cacheWrite }] as const
  })
  const spec = {
    id,
    provider: from.provider,
    defaultModel: from.model ?? definition?.defaultModel ?? id,
    ...optional('baseURL', baseURL),
    ...optional('apiKey', apiKey),
    headers,
    ...optional('script', from.script === undefined ? undefined : await script(from.script, [...path, 'script'], input)),
    timeoutMs: durationMs(from.timeout ?? DEFAULTS.model.timeout),
    maxRetries: from.maxRetries ?? DEFAULTS.model.maxRetries,
    prices: Object.fromEntries(prices),
  }
  const plugin = input.plugins.find(({ models }) => models.some((one) => one.type === from.provider))?.fingerprint
  // Another text of the plugin is another service.
  return {
    fingerprint: fingerprint({ ...spec, ...optional('plugin', plugin) }),
    place: doc.place(path),
    traits: definition?.traits ?? {},
    ...spec,
  }
}

async function script(text: string, path: Path, { files, report }: Input): Promise<{ path: string; text: string }> {
  const read = await files.read(text, path, 'a script')
  // What could not be read was told.
  if (read.text === '') return read
  const { parseScript } = await import('../../models/script.ts')
  const parsed = parseScript(read.text, text)
  for (const { message, line, column } of 'problems' in parsed ? parsed.problems : [])
    report(
      diagnostic('CLAW317', message, { file: read.path, line, column, endLine: line, endColumn: column, path: pointerOf(path) }),
    )
  return read
}
