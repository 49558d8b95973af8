// The model services that ship, one a line. A client library loads when a plan first uses its service.

import { DEFAULT_MODEL, DEFAULT_OPENAI_MODEL } from './defaults.ts'
import type { ProviderDefinition } from './port.ts'

export const builtinProviders: readonly ProviderDefinition[] = [
  {
    type: 'anthropic',
    defaultModel: DEFAULT_MODEL,
    environment: { key: 'ANTHROPIC_API_KEY', url: 'ANTHROPIC_BASE_URL' },
    traits: { implicit: true },
    load: async () => (await import('./anthropic.ts')).createAnthropicProvider,
  },
  {
    type: 'openai',
    defaultModel: DEFAULT_OPENAI_MODEL,
    environment: { key: 'OPENAI_API_KEY', url: 'OPENAI_BASE_URL' },
    traits: { implicit: true },
    load: async () => (await import('./openai.ts')).createOpenAIProvider,
  },
  {
    type: 'scripted',
    defaultModel: 'scripted',
    traits: { keyless: true, deterministic: true },
    load: async () => (await import('./scripted.ts')).createScriptedProvider,
  },
]
