// The guide for writers of channels, taken at its word: its code as it stands, in a folder of its own, with its one line in the
// registry, in a bot.

import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { transform } from 'esbuild'
import t from 'tap'
import { builtinRegistry } from '../../src/builtin.ts'
import type { ChannelDefinition } from '../../src/channels/port.ts'
import { loadPlan } from '../../src/config/load-plan.ts'
import { packageRoot } from '../../src/resources.ts'
import { HEAD, startBot } from '../support/bot.ts'
import { until } from '../support/channel-host.ts'
import { testdir } from '../support/testdir.ts'

const guide = await readFile(join(packageRoot(), 'docs/channels/writing-a-channel.md'), 'utf8')
const [source = ''] = guide.match(/(?<=```ts\n)\/\/ lines\.ts\n[\s\S]*?(?=```)/) ?? []

const folder = testdir(t, {})
await mkdir(join(folder, 'node_modules/claw-engine'), { recursive: true })
const index = new URL('../../src/index.js', import.meta.url).href
await writeFile(join(folder, 'node_modules/claw-engine/package.json'), '{"type":"module","exports":"./index.js"}')
await writeFile(join(folder, 'node_modules/claw-engine/index.js'), `export * from ${JSON.stringify(index)}\n`)
const { code } = await transform(source, { loader: 'ts', format: 'esm' })
await writeFile(join(folder, 'lines.mjs'), code)
const { lines } = (await import(pathToFileURL(join(folder, 'lines.mjs')).href)) as { lines: ChannelDefinition }
const registry = { ...builtinRegistry, channels: [...builtinRegistry.channels, lines] }

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

function person(port: number, name: string, password: string): { socket: Socket; heard(): string } {
  let text = ''
  const socket = connect(port, '127.0.0.1')
  socket.write(`${name} ${password}\n`)
  socket.on('data', (data) => {
    text += data.toString()
  })
  socket.on('error', () => undefined)
  return { socket, heard: () => text }
}

t.test('it answers, and its password is a secret', async (t) => {
  const port = await freePort()
  const b = await startBot(
    `${HEAD}
agents: { main: { soul: S } }
channels:
  lines: { port: "\${PORT}", password: "\${LINES_PASSWORD}", allowFrom: [ann] }
`,
    { registry, env: { PORT: String(port), LINES_PASSWORD: 'open-sesame' } },
  )
  t.teardown(() => b.stop())
  t.match(await b.claw.engine.status(), { channels: [{ id: 'lines', type: 'lines', state: 'connected' }] })
  const eve = person(port, 'ann', 'guess')
  await until('the refusal', () => eve.heard() === 'wrong password\n')
  const ann = person(port, 'ann', 'open-sesame')
  t.teardown(() => ann.socket.destroy())
  ann.socket.write('hello\n')
  await until('the answer', () => ann.heard() === 'You said: hello\n')
  t.match(
    (await b.claw.engine.sessions()).map((one) => one.key),
    ['agent:main:lines:ann'],
  )
  t.notMatch(JSON.stringify([b.events, [...b.claw.engine.plan.channels.values()]]), 'open-sesame')
})

t.test('the file is checked like any other', async (t) => {
  const told = async (yaml: string, env: Record<string, string> = {}): Promise<string[]> => {
    const file = join(testdir(t, { 'openclaw.yaml': `agents: { main: { soul: S } }\nchannels:\n${yaml}\n` }), 'openclaw.yaml')
    const { diagnostics } = await loadPlan(file, { registry, env })
    return diagnostics
      .filter((one) => one.severity === 'error')
      .map((one) => `${one.code} ${one.line}: ${one.message} ${one.hint ?? ''}`)
  }
  t.same(await told('  lines: { password: "${P}", allowFrom: [ann] }', { P: 'secret-word' }), [])
  t.same(await told('  tcp: { type: lines, password: x, port: 7001 }'), [])
  t.match(await told('  lines: { password: x, prot: 1 }'), [/CLAW101 3: Unknown key "prot".*port/])
  t.match(await told('  lines: { port: 7001 }'), [/CLAW102 3: .*password/])
  t.match(await told('  lines: { password: x, port: seven }'), [/CLAW103 3: channels\.lines\.port must be a whole number/])
  t.match(await told('  lines: { password: x, strangers: perhaps }'), [/CLAW104 3: .*strangers/], 'what all channels have, too')
  t.match(await told('  tcp: { type: liens, password: x }'), [/CLAW104 3: .*"liens".*lines/])
  t.match(await told('  lines: { password: x, x-mine: 1 }'), [])
})
