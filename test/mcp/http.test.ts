// MCP over HTTP: headers that are secret, a sign-in by OAuth that is kept and refreshed, and the agents of a file as a server.

import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import t from 'tap'
import { main } from '../../src/cli.ts'
import { packageRoot } from '../../src/resources.ts'
import { HEAD, startBot } from '../support/bot.ts'
import type { FakeReply, MessagesRequest } from '../support/fake-messages-api.ts'
import { startMcpHttp } from '../support/mcp-http.ts'
import { runCli } from '../support/run-cli.ts'
import { testdir } from '../support/testdir.ts'

const file = (server: string): string => `${HEAD}
channels: { http: {} }
agents: { main: { tools: [web__shout] } }
mcpServers:
  web: { ${server} }
`
const offline = (yaml: string): string => yaml.replaceAll('$API', 'http://127.0.0.1:1')
/** A call, and then what it gave. */
const shouting = ({ messages }: MessagesRequest): FakeReply | string =>
  JSON.stringify(messages.at(-1)).includes('tool_result')
    ? 'done'
    : { toolCalls: [{ name: 'web__shout', input: { text: 'hi' } }] }

t.test('a server behind a header', async (t) => {
  const server = await startMcpHttp()
  t.teardown(() => server.close())
  const folder = testdir(t)
  const yaml = file(`url: "${server.url}", headers: { x-key: "\${KEY:-secret-of-the-header}" }`)
  await writeFile(join(folder, 'openclaw.yaml'), offline(yaml))
  const accepted = await runCli(folder, 'mcp', 'accept', 'web', '--yes')
  t.equal(accepted.code, 0, accepted.err)
  t.same([...new Set(server.requests.map(({ headers }) => headers['x-key']))], ['secret-of-the-header'])
  const bot = await startBot(yaml, { folder, api: { reply: shouting } })
  t.teardown(() => bot.stop())
  await bot.chat('ann', 'go')
  t.match(JSON.stringify(bot.api.requests.at(-1)?.body.messages), /HI/)
  const listed = await runCli(folder, 'mcp', 'list', '--format', 'json')
  t.match(listed.json()['servers'], [{ name: 'web', state: 'connected', accepted: 1 }])
})

t.test('a sign-in: asked for once, kept for the owner alone, refreshed by the engine', async (t) => {
  const server = await startMcpHttp({ signIn: true })
  t.teardown(() => server.close())
  const folder = testdir(t)
  const yaml = file(`url: "${server.url}", auth: { oauth: {} }`)
  await writeFile(join(folder, 'openclaw.yaml'), offline(yaml))
  const before = await runCli(folder, 'mcp', 'accept', 'web', '--yes')
  t.equal(before.code, 1)
  t.match(before.err, /claw mcp login web/)

  let visited: Promise<Response> | undefined
  let out = ''
  const code = await main(['mcp', 'login', 'web'], {
    cwd: folder,
    env: {},
    color: false,
    stdin: process.stdin,
    err: (text) => t.comment(text),
    out: (text) => {
      out += text
      const address = /http:\S+authorize\S+/.exec(text)?.[0]
      if (address !== undefined) visited = fetch(address)
    },
  })
  t.equal(code, 0, out)
  t.equal((await visited)?.status, 200)
  const kept = join(folder, '.openclaw/mcp-auth.json')
  t.equal((await stat(kept)).mode & 0o777, 0o600)
  t.match(await readFile(kept, 'utf8'), /"refresh_token": "again"/)
  const accepted = await runCli(folder, 'mcp', 'accept', 'web', '--yes')
  t.equal(accepted.code, 0, accepted.err)

  server.expire()
  const bot = await startBot(yaml, { folder, api: { reply: shouting } })
  t.teardown(() => bot.stop())
  await bot.chat('ann', 'go')
  t.match(JSON.stringify(bot.api.requests.at(-1)?.body.messages), /HI/)
  t.equal(server.refreshes(), 1)
  server.expire()
  await bot.chat('ben', 'go')
  t.match(JSON.stringify(bot.api.requests.at(-1)?.body.messages), /HI/)
  t.equal(server.refreshes(), 2)
})

t.test('claw mcp serve offers each agent; the agent answers with its own tools', async (t) => {
  const folder = testdir(t)
  await writeFile(
    join(folder, 'openclaw.yaml'),
    `gateway: { port: 0 }
models: { demo: { provider: scripted } }
agents:
  main: { model: demo, description: Answers anything. }
  other: { model: demo }
`,
  )
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [join(packageRoot(), 'bin/claw.js'), 'mcp', 'serve'],
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '', HOME: folder, CLAW_PLAIN_BUILD: '1' },
    stderr: 'inherit',
  })
  const client = new Client({ name: 'test', version: '1' })
  await client.connect(transport)
  t.teardown(() => client.close())
  const { tools } = await client.listTools()
  t.same(
    tools.map(({ name, description }) => `${name}: ${description}`),
    ['main: Answers anything.', 'other: Ask the agent other.'],
  )
  const answer = await client.callTool({ name: 'main', arguments: { message: 'hello there' } })
  t.match(JSON.stringify(answer.content), /hello there/)
  const wrong = await client.callTool({ name: 'main', arguments: {} }).catch((error: unknown) => ({ isError: true, error }))
  t.equal(wrong.isError, true)
})
