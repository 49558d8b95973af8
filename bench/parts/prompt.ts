// What a request costs in bytes, and how much of it the service's cache would know: a bot in this process on a fake that
// counts as the service does.

import { type Bot, HEAD, startBot } from '../../test/support/bot.ts'
import type { Part } from '../result.ts'

export const SEED_TOOLS = 'bash, read_file, write_file, save_memory, memory_search'
/** As it is by default, with the line that says when and where a message was written. */
const yamlOf = (tools: string): string => `${HEAD.replace(', context: off', '')}
agents: { main: { soul: You are terse., tools: [${tools}] } }
channels: { http: {} }
`

export interface PromptFigures {
  readonly bareBytes: number
  readonly toolBytes: number
  /** Share of the bytes of turns 2 to 50 that the cache knew. */
  readonly cachedShare: number
  /** Turns whose request did not begin with all bytes of the one before it, the moving marks set aside. */
  readonly broken: number
}

export async function measurePrompt(turns = 50): Promise<PromptFigures> {
  const hello = async (tools: string): Promise<number> => {
    const bot = await startBot(yamlOf(tools))
    await bot.chat('me', 'hello')
    const bytes = Buffer.byteLength(bot.api.requests[0]?.raw ?? '')
    await bot.stop()
    return bytes
  }
  const bareBytes = await hello('')
  const toolBytes = await hello(SEED_TOOLS)
  const bot = await startBot(yamlOf(SEED_TOOLS))
  for (let n = 0; n < turns; n++) await bot.chat('me', `Message number ${n}, of a usual length for a chat.`)
  const { requests } = bot.api
  const later = requests.slice(1)
  const read = later.reduce((sum, one) => sum + one.cacheRead, 0)
  const total = later.reduce((sum, one) => sum + Math.ceil(Buffer.byteLength(one.raw) / 4), 0)
  const broken = later.filter((one, i) => !continues(requests[i], one)).length
  await bot.stop()
  return { bareBytes, toolBytes, cachedShare: read / total, broken }
}

/** All that was sent before stands again, byte for byte, before what is new. */
function continues(before: Bot['api']['requests'][number] | undefined, now: Bot['api']['requests'][number]): boolean {
  const plain = (body: object): string =>
    JSON.stringify(body, (key, value: unknown) => (key === 'cache_control' ? undefined : value))
  if (before === undefined) return false
  const { messages: old, ...oldHead } = before.body
  const { messages, ...head } = now.body
  if (plain(oldHead) !== plain(head) || messages.length < old.length) return false
  return old.every((message, i) => plain({ m: blocksOf(message) }) === plain({ m: blocksOf(messages[i]) }))
}

/** A text and a list of one text block are the same to the service. */
const blocksOf = (message: { role: string; content: unknown } | undefined): unknown =>
  typeof message?.content === 'string' ? { role: message.role, content: [{ type: 'text', text: message.content }] } : message

export const prompt: Part = {
  name: 'prompt',
  about: 'bytes of a bare hello and the share of a 50-turn conversation that the cache knows',
  async run() {
    const { bareBytes, toolBytes, cachedShare, broken } = await measurePrompt()
    return {
      cells: [
        { name: 'bare hello without tools', unit: 'bytes', ours: [bareBytes], steady: true },
        {
          name: 'bare hello without tools',
          unit: 'tokens',
          ours: [Math.ceil(bareBytes / 4)],
          target: { value: 500 },
          steady: true,
        },
        {
          name: 'bare hello with the seed’s five tools',
          unit: 'bytes',
          ours: [toolBytes],
          target: { value: 6_000 },
          steady: true,
        },
        {
          name: 'bare hello with the seed’s five tools',
          unit: 'tokens',
          ours: [Math.ceil(toolBytes / 4)],
          target: { value: 1_500 },
          steady: true,
        },
        { name: 'request bytes the cache knows, 50 turns', unit: '%', ours: [cachedShare * 100], better: 'more', steady: true },
        { name: 'requests that changed what was sent before', unit: 'count', ours: [broken], target: { value: 0 }, steady: true },
      ],
      notes: ['Tokens are counted as a quarter of the bytes.'],
    }
  },
}
