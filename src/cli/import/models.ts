// Model providers and model references.

import { secretAt, variable, variableName } from './secrets.ts'
import type { Cursor } from './source.ts'

type Provider = Record<string, unknown>

/** Services OpenClaw knows by name and that speak chat completions or the Messages API at a public address. */
const KNOWN: Readonly<Record<string, { provider: 'openai' | 'anthropic'; baseURL: string; key?: string }>> = {
  openrouter: { provider: 'openai', baseURL: 'https://openrouter.ai/api/v1', key: 'OPENROUTER_API_KEY' },
  groq: { provider: 'openai', baseURL: 'https://api.groq.com/openai/v1', key: 'GROQ_API_KEY' },
  mistral: { provider: 'openai', baseURL: 'https://api.mistral.ai/v1', key: 'MISTRAL_API_KEY' },
  xai: { provider: 'openai', baseURL: 'https://api.x.ai/v1', key: 'XAI_API_KEY' },
  google: { provider: 'openai', baseURL: 'https://generativelanguage.googleapis.com/v1beta/openai', key: 'GEMINI_API_KEY' },
  ollama: { provider: 'openai', baseURL: 'http://127.0.0.1:11434/v1' },
  lmstudio: { provider: 'openai', baseURL: 'http://127.0.0.1:1234/v1' },
}

export interface Models {
  /** The `models` section. */
  readonly section: Record<string, Provider>
  /** The reference in our words; undefined (and reported) when the provider is not known. */
  resolve(cursor: Cursor): string | undefined
  /** `model` and `fallbacks` of an agent, from a text or `{primary, fallbacks}`. */
  choice(cursor: Cursor): { model?: string; fallbacks?: string[] }
  /** What the configuration says of a model. */
  boundsOf(model: string): ModelBounds
}

export interface ModelBounds {
  readonly contextWindow?: number
  readonly maxTokens?: number
}

export function readModels(root: Cursor): Models {
  const section: Record<string, Provider> = {}
  const bounds = new Map<string, ModelBounds>()
  for (const [id, provider] of root.at('models', 'providers').entries()) {
    const read = readProvider(id, provider, bounds)
    if (read !== null) section[id] = read
  }
  root.at('models', 'mode').use()
  const aliases = new Map<string, string>()
  for (const [reference, entry] of root.at('agents', 'defaults', 'models').entries()) {
    const alias = entry.at('alias').text()
    if (alias !== undefined) aliases.set(alias.toLowerCase(), reference)
    else if (Object.keys((entry.raw as object | null) ?? {}).length === 0) entry.use()
  }

  function resolve(cursor: Cursor): string | undefined {
    const written = cursor.text()
    if (written === undefined) return undefined
    const reference = aliases.get(written.toLowerCase()) ?? written
    const provider = reference.includes('/') ? reference.slice(0, reference.indexOf('/')) : 'anthropic'
    if (provider === 'anthropic' || provider === 'openai' || section[provider] !== undefined) return reference
    const known = KNOWN[provider]
    if (known === undefined) {
      cursor.note(
        'dropped',
        `there is no model service "${provider}"; name one under models (any that speaks chat completions or the Messages API)`,
      )
      return undefined
    }
    section[provider] = {
      provider: known.provider,
      baseURL: known.baseURL,
      apiKey: known.key === undefined ? 'none' : variable(known.key),
    }
    return reference
  }

  return {
    section,
    resolve,
    choice(cursor) {
      const primary = typeof cursor.raw === 'string' ? resolve(cursor) : resolve(cursor.at('primary'))
      const list = cursor.at('fallbacks')
      const fallbacks = list.items().flatMap((item) => resolve(item) ?? [])
      if (list.exists && fallbacks.length === 0) list.use()
      return { ...(primary === undefined ? {} : { model: primary }), ...(fallbacks.length === 0 ? {} : { fallbacks }) }
    },
    boundsOf: (model) => bounds.get(model) ?? {},
  }
}

function readProvider(id: string, provider: Cursor, bounds: Map<string, ModelBounds>): Provider | null {
  const api = provider.at('api').text() ?? (id === 'anthropic' ? 'anthropic-messages' : 'openai-completions')
  const baseURL = addressOf(id, api, provider)
  if (baseURL === null) {
    provider.drop(`no service here speaks "${api}"`)
    return null
  }
  provider.at('authHeader').use()
  const anthropic = api === 'anthropic-messages'
  const key = secretAt(provider.at('apiKey'), variableName(id, 'API_KEY'))
  const headers = Object.fromEntries(
    provider
      .at('headers')
      .entries()
      .map(([name, value]) => [name, secretAt(value, variableName(id, name)) ?? '']),
  )
  const prices = Object.fromEntries(
    provider
      .at('models')
      .items()
      .flatMap((model) => readModel(id, model, bounds)),
  )
  return {
    provider: anthropic ? 'anthropic' : 'openai',
    ...(baseURL === undefined ? {} : { baseURL: anthropic ? baseURL.replace(/\/v1\/?$/, '') : baseURL }),
    ...(key === undefined ? (baseURL === undefined ? {} : { apiKey: 'none' }) : { apiKey: key }),
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
    ...(Object.keys(prices).length === 0 ? {} : { prices }),
  }
}

/** Where the service is spoken to in a way we know; undefined: where it is by default; null: nowhere. */
function addressOf(id: string, api: string, provider: Cursor): string | undefined | null {
  const written = provider.at('baseUrl').text()
  if (/^(anthropic-messages|openai-completions)$/.test(api)) return written
  const known = KNOWN[id] ?? KNOWN[api]
  const base = api === 'ollama' && written !== undefined ? `${written.replace(/\/(?:v1|api)?\/?$/, '')}/v1` : known?.baseURL
  if (api !== 'openai-responses' && base === undefined) return null
  provider.at('api').note('changed', `chat completions are spoken in place of ${api}`)
  return api === 'openai-responses' ? written : base
}

function readModel(provider: string, model: Cursor, bounds: Map<string, ModelBounds>): [string, Record<string, number>][] {
  const id = model.at('id').text()
  if (id === undefined) return []
  // What a model can take and is called is asked of the service, or does not matter here.
  for (const key of ['name', 'reasoning', 'input', 'api']) model.at(key).use()
  const contextWindow = model.at('contextWindow').number()
  const maxTokens = model.at('maxTokens').number()
  bounds.set(`${provider}/${id}`, {
    ...(contextWindow === undefined ? {} : { contextWindow }),
    ...(maxTokens === undefined ? {} : { maxTokens }),
  })
  const cost = model.at('cost')
  const price = Object.fromEntries(
    ['input', 'output', 'cacheRead', 'cacheWrite'].flatMap((key) => {
      const amount = cost.at(key).number()
      return amount === undefined ? [] : [[key, amount] as const]
    }),
  )
  const told = price['input'] !== undefined && price['output'] !== undefined && price['input'] + price['output'] > 0
  return told ? [[id, price]] : []
}
