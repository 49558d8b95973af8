// The TypeScript of docs/writing-a-model-service.md, which a test holds to be the same.

import { type ModelResult, type PluginModule, type ProviderFactory, responseError } from '../../src/model.ts'

const parrot: ProviderFactory = (spec) => ({
  hasCredentials: () => spec.apiKey?.isSet === true,
  async call({ model }): Promise<ModelResult> {
    const response = await fetch(spec.baseURL ?? '')
    if (!response.ok) throw await responseError(response)
    const usage = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }
    return { content: [{ type: 'text', text: await response.text() }], stopReason: 'end_turn', usage, model }
  },
  close: async () => {},
})

export default { models: { parrot } } satisfies PluginModule
