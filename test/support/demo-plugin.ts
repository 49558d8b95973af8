// A plugin with one of each: a tool, a kind of channel and a model service. Its module says that it was loaded by a file.

export const MANIFEST = {
  name: 'demo',
  version: '1.0.0',
  entry: 'index.mjs',
  tools: {
    weather: {
      description: 'The weather in a city.',
      input: { city: 'string', 'days?': 'integer' },
      traits: ['sends', 'outside'],
    },
  },
  channels: {
    lines: {
      settings: {
        required: ['password'],
        properties: { port: { type: 'integer', default: 7000 }, password: { 'x-secret': true } },
      },
      traits: { maxChars: 500 },
    },
  },
  models: { oracle: { defaultModel: 'delphi', traits: ['keyless'] } },
}

/** `word`: what each part answers with. */
export const moduleOf = (word: string): string => `
import { writeFileSync } from 'node:fs'
writeFileSync(new URL('marker', import.meta.url), '${word}')

const usage = { input: 1, output: 1, cacheRead: 0, cacheWrite: 0 }

export default {
  tools: { weather: async ({ city }, { agent }) => \`${word} in \${city}, says \${agent.id}\` },
  channels: {
    lines: (host) => ({
      start: async () => host.setState({ state: 'connected' }),
      stop: async () => {},
      send: async () => ({ messageIds: ['${word}'] }),
    }),
  },
  models: {
    oracle: () => ({
      hasCredentials: () => true,
      async call({ messages }) {
        const results = messages.at(-1).content.filter?.(({ type }) => type === 'tool_result') ?? []
        return results.length === 0
          ? { content: [{ type: 'tool_use', id: 't1', name: 'weather', input: { city: 'Oslo' } }], stopReason: 'tool_use', usage, model: 'delphi' }
          : { content: [{ type: 'text', text: \`${word}: \${results[0].content}\` }], stopReason: 'end_turn', usage, model: 'delphi' }
      },
      close: async () => {},
    }),
  },
}
`

/** Uses all three. */
export const CONFIGURATION = `plugins: [./plugins/demo]
gateway: { port: 0 }
models: { wise: { provider: oracle, prices: { "*": { input: 1, output: 2 } } } }
agents: { main: { soul: S, tools: [weather], model: wise, context: off } }
channels:
  http: { allowFrom: [ann] }
  beeper: { type: lines, password: "\${LINES_PASSWORD:-none}", allowFrom: [ann] }
routing: { defaultAgent: main }
tests:
  - { name: it is reached, message: { channelId: beeper, userId: ann, content: hi }, expect: { agentId: main, tools: [weather] } }
`

export const demoFiles = (manifest: unknown = MANIFEST, module: string = moduleOf('Rain')): { [path: string]: string } => ({
  'claw.plugin.json': typeof manifest === 'string' ? manifest : JSON.stringify(manifest, null, 2),
  'index.mjs': module,
})
