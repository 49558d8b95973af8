// The model services that ship, one a line. A client library loads when a plan first uses its service.

import type { ProviderDefinition } from '../registry.ts'

export const builtinProviders: readonly ProviderDefinition[] = [
  { type: 'anthropic', load: async () => (await import('./anthropic.ts')).createAnthropicProvider },
  { type: 'openai', load: async () => (await import('./openai.ts')).createOpenAIProvider },
  { type: 'scripted', load: async () => (await import('./scripted.ts')).createScriptedProvider },
]
