// Hooks of a program that starts claw: they see calls, stop and change them, and stop them when they fail.

import t, { type Test } from 'tap'
import type { HookedToolCall, Hooks } from '../../src/engine/hooks.ts'
import { type Bot, HEAD, startBot } from '../support/bot.ts'
import { testdir } from '../support/testdir.ts'

const YAML = `${HEAD}agents: { main: { soul: S, tools: [write_file, read_file], workspace: work } }\n`

/** The model writes a file, then says what the tool said. */
async function botWith(t: Test, hooks: Hooks): Promise<Bot> {
  const bot = await startBot(YAML, {
    folder: testdir(t),
    hooks,
    api: {
      reply: ({ messages }) => {
        const last = messages.at(-1)?.content
        const result = Array.isArray(last) ? last.find(({ type }) => type === 'tool_result') : undefined
        if (result !== undefined) return { text: JSON.stringify(result['content']) }
        return { toolCalls: [{ name: 'write_file', input: { path: 'a.txt', content: 'hello' } }] }
      },
    },
  })
  t.teardown(() => bot.stop())
  return bot
}

const answerOf = async (bot: Bot): Promise<string | undefined> => (await bot.chat('ann', 'write it')).body.response

t.test('they see what is judged and runs', async (t) => {
  const seen: unknown[] = []
  const bot = await botWith(t, {
    beforeToolCall: (call) => void seen.push(['before', call]),
    afterToolCall: (call, result) => void seen.push(['after', call.toolName, result.content]),
    beforeModelCall: ({ agentId, sessionKey }, { messages }) => void seen.push(['model', agentId, sessionKey, messages.length]),
  })
  t.equal(await answerOf(bot), '"Wrote a.txt (5 bytes)"')
  const call: HookedToolCall = {
    agentId: 'main',
    sessionKey: 'agent:main:http:ann',
    toolName: 'write_file',
    input: { path: 'a.txt', content: 'hello' },
  }
  t.same(seen, [
    ['model', 'main', 'agent:main:http:ann', 1],
    ['before', call],
    ['after', 'write_file', 'Wrote a.txt (5 bytes)'],
    ['model', 'main', 'agent:main:http:ann', 3],
  ])
})

t.test('they stop a call, and change a result and a request', async (t) => {
  const refusing = await botWith(t, { beforeToolCall: async ({ toolName }) => ({ refuse: `${toolName} is for Mondays.` }) })
  t.equal(await answerOf(refusing), '"Not run: write_file is for Mondays."')
  const changing = await botWith(t, {
    afterToolCall: async (_, { content }) => ({ content: `${String(content)} (checked)` }),
    beforeModelCall: async (_, request) => ({ ...request, system: `${request.system}\nBe kind.` }),
  })
  t.equal(await answerOf(changing), '"Wrote a.txt (5 bytes) (checked)"')
  t.ok(changing.api.requests.every(({ raw }) => raw.includes('Be kind.')))
})

t.test('one that fails lets nothing through', async (t) => {
  const fails = (): never => {
    throw new Error('broken')
  }
  const before = await botWith(t, { beforeToolCall: fails })
  t.equal(await answerOf(before), '"Not run: the hook before the call failed: broken"')
  const after = await botWith(t, { afterToolCall: fails })
  t.equal(await answerOf(after), '"It ran, but the hook after the call failed: broken"')
  const model = await botWith(t, { beforeModelCall: fails })
  t.notOk((await answerOf(model))?.includes('Wrote'))
  t.equal(model.api.requests.length, 0, 'no model was asked')
})
