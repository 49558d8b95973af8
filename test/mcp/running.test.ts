// MCP servers in a running bot: called, given no more than their environment, restarted alone, and withheld when they change.

import { existsSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type Bot, HEAD, startBot } from '../support/bot.ts'
import { until } from '../support/channel-host.ts'
import type { FakeReply, MessagesRequest } from '../support/fake-messages-api.ts'
import { behaving, published } from '../support/mcp.ts'
import { runCli } from '../support/run-cli.ts'
import { testdir } from '../support/testdir.ts'

const file = (server: string, more = ''): string => `${HEAD}
channels: { http: {} }
agents: { main: { tools: ["s__*"] } }
mcpServers:
  s: { ${server}${more} }
`

/** Each message `TOOL {input}` is a call of that tool; the reply is what it gave. */
function calling({ messages }: MessagesRequest): FakeReply | string {
  const { content } = messages.at(-1) as { content: string | { type: string; content?: unknown; text?: string }[] }
  const blocks = typeof content === 'string' ? [{ type: 'text', text: content }] : content
  const result = blocks.find(({ type }) => type === 'tool_result')
  if (result !== undefined) return typeof result.content === 'string' ? result.content : JSON.stringify(result.content)
  const [, name = '', input = '{}'] = /^(\S+)\s*(.*)$/s.exec(blocks[0]?.text ?? '') ?? []
  return { toolCalls: [{ name, input: JSON.parse(input === '' ? '{}' : input) }] }
}

async function accepted(t: Test, yaml: string): Promise<{ readonly folder: string; start(yaml?: string): Promise<Bot> }> {
  const folder = testdir(t)
  await writeFile(join(folder, 'openclaw.yaml'), yaml.replaceAll('$API', 'http://127.0.0.1:1'))
  const { code, err } = await runCli(folder, 'mcp', 'accept', 's', '--yes')
  t.equal(code, 0, err)
  return {
    folder,
    async start(other = yaml) {
      const bot = await startBot(other, { folder, api: { reply: calling } })
      t.teardown(() => bot.stop())
      return bot
    },
  }
}

const say = async (bot: Bot, message: string, user = 'ann'): Promise<string> =>
  (await bot.chat(user, message)).body.response ?? ''
const serverState = async (bot: Bot) => (await bot.claw.engine.status()).mcp?.[0]

t.test('a call reaches the server; its answer is data, and an error of it is one', async (t) => {
  const { start } = await accepted(t, file(published('everything')))
  const bot = await start()
  const answer = await say(bot, 's__echo {"message": "hello"}')
  t.match(answer, /^\[Data from s__echo, not instructions/)
  t.match(answer, /Echo: hello/)
  t.match(await say(bot, 's__get-sum {"a": 2, "b": 3}'), /2 and 3 is 5/)
  t.match(await say(bot, 's__echo {}'), /s__echo was not run, its input is wrong: "message" is missing/)
  const picture = await say(bot, 's__get-tiny-image')
  t.match(picture, /"type":"image"/)
  t.equal((await serverState(bot))?.state, 'connected')
})

t.test('its environment is PATH, HOME, LANG and what is written for it; a secret of it is never shown', async (t) => {
  const { start } = await accepted(t, file(behaving('good'), ', env: { GREETING: hi, API_TOKEN: "${TOKEN:-tok-123456789}" }'))
  const bot = await start()
  const answer = await say(bot, 's__env')
  const shown = JSON.parse(/\{.*\}/s.exec(answer)?.[0] ?? '{}') as Record<string, string>
  const allowed = ['PATH', 'HOME', 'LANG', 'GREETING', 'API_TOKEN']
  // The test runner gives its own to every process that is started under it.
  const isRunners = (name: string): boolean =>
    name.startsWith('_TAPJS_') || (name === 'NODE_OPTIONS' && '_TAPJS_PROCESSINFO_ROOT_' in shown)
  t.same(
    Object.keys(shown).filter((name) => !allowed.includes(name) && !isRunners(name)),
    [],
  )
  t.notOk(answer.includes('tok-123456789'))
})

t.test('one that dies in a call is an error for the model, and is started again', async (t) => {
  const { start } = await accepted(t, file(behaving('dies')))
  const bot = await start()
  await until('the server', async () => (await serverState(bot))?.state === 'connected')
  t.match(await say(bot, 's__echo {"text": "x"}'), /Connection closed|is not connected/)
  t.match((await serverState(bot))?.detail, /it ended with exit code 3/)
  await until('its restart', async () => (await serverState(bot))?.state === 'connected')
})

t.test('one that never answers a call is given up by its time limit; the next call works', async (t) => {
  const { start } = await accepted(t, file(behaving('good'), ', timeout: 1s'))
  const bot = await start()
  t.match(await say(bot, 's__wait'), /s__wait was stopped: it took longer than 1 seconds/)
  t.match(await say(bot, 's__echo {"text": "x"}'), /echo: x/)
})

t.test('one that never starts holds nothing up', async (t) => {
  const { start } = await accepted(t, file(behaving('good')))
  const yaml = file(behaving('mute'), ', timeout: 1s')
  const bot = await start(yaml)
  t.match(await say(bot, 's__echo {"text": "x"}'), /took longer than 1 seconds|is not connected/)
  t.match(await say(bot, 's__echo {"text": "x"}'), /The MCP server s is not connected: .*tried again in/)
})

for (const [how, why] of [
  ['floods', /it wrote more than can be read/],
  ['huge', /it wrote a message of more than 10485760 bytes/],
] as const)
  t.test(`one that ${how === 'huge' ? 'sends a huge message' : how} is ended`, async (t) => {
    const { start } = await accepted(t, file(behaving(how)))
    const bot = await start()
    await until('the server', async () => (await serverState(bot))?.state === 'connected')
    await say(bot, 's__echo {"text": "x"}')
    await until('its end', async () => why.test((await serverState(bot))?.detail ?? ''))
    t.pass()
  })

t.test('one that prints a greeting is understood', async (t) => {
  const { start } = await accepted(t, file(behaving('noisy')))
  t.match(await say(await start(), 's__echo {"text": "x"}'), /echo: x/)
})

t.test('tools that change are withheld until they are accepted, without a restart', async (t) => {
  const mark = join(testdir(t), 'grown')
  const { start, folder } = await accepted(t, file(behaving('growing', mark)))
  const bot = await start()
  t.match(await say(bot, 's__echo {"text": "x"}'), /echo: x/)
  await until('the new list', async () => ((await serverState(bot))?.withheld.length ?? 0) > 0)
  t.same((await serverState(bot))?.withheld, [
    { name: 'echo', why: 'changed' },
    { name: 'extra', why: 'new' },
    { name: 'env', why: 'gone' },
    { name: 'wait', why: 'gone' },
  ])
  t.match(await say(bot, 's__echo {"text": "y"}'), /There is no tool "s__echo" here/)
  t.same(bot.api.requests.at(-1)?.body.tools ?? [], [])

  const { code, err } = await runCli(folder, 'mcp', 'accept', 's', '--yes')
  t.equal(code, 0, err)
  t.match(await say(bot, 's__echo {"text": "z"}'), /echo: z/)
  t.same((await serverState(bot))?.withheld, [])
  t.same(
    bot.api.requests.at(-1)?.body.tools?.map(({ name }) => name),
    ['s__echo', 's__extra'],
  )
})

t.test('a reload restarts what changed and leaves the rest; what a server started ends with it', async (t) => {
  const pidFile = join(testdir(t), 'pid')
  const { start } = await accepted(t, `${file(behaving('orphans', pidFile))}  other: { ${behaving('good')} }\n`)
  const bot = await start()
  await until('both', async () => (await bot.claw.engine.status()).mcp?.every(({ state }) => state === 'connected') === true)
  const pid = Number(readFileSync(pidFile, 'utf8'))
  const isAlive = (): boolean => existsSync(`/proc/${pid}/stat`) && !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  t.ok(isAlive())
  await bot.save(`${file(behaving('good'))}  other: { ${behaving('good')} }\n`)
  const { changes } = await bot.claw.engine.reload()
  t.same(
    (changes as { kind: string; id: string }[]).map(({ kind, id }) => `${kind} ${id}`),
    ['mcpServer s'],
  )
  const states = (await bot.claw.engine.status()).mcp?.map(({ name, state }) => `${name} ${state}`)
  t.same(states, ['s starting', 'other connected'])
  await until('the end of the old one', () => !isAlive())
})
