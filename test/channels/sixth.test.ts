// The channel of the guide for writers in a bot: it answers, its password is a secret, its keys are checked like any other's.

import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { builtinRegistry } from '../../src/builtin.ts'
import { loadPlan } from '../../src/config/load-plan.ts'
import { HEAD, startBot } from '../support/bot.ts'
import { until } from '../support/channel-host.ts'
import { followGuide } from '../support/guide.ts'
import { testdir } from '../support/testdir.ts'

const PLUGINS = `plugins: [${JSON.stringify(join((await followGuide(t, 'writing-a-channel')).folder, 'plugins/lines'))}]`

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
    `${HEAD}${PLUGINS}
agents: { main: { soul: S } }
channels:
  lines: { port: "\${PORT}", password: "\${LINES_PASSWORD}", allowFrom: [ann] }
`,
    { env: { PORT: String(port), LINES_PASSWORD: 'open-sesame' } },
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
    const file = join(
      testdir(t, { 'openclaw.yaml': `${PLUGINS}\nagents: { main: { soul: S } }\nchannels:\n${yaml}\n` }),
      'openclaw.yaml',
    )
    const { diagnostics } = await loadPlan(file, { registry: builtinRegistry, env })
    return diagnostics
      .filter((one) => one.severity === 'error')
      .map((one) => `${one.code} ${one.line}: ${one.message} ${one.hint ?? ''}`)
  }
  t.same(await told('  lines: { password: "${P}", allowFrom: [ann] }', { P: 'secret-word' }), [])
  t.same(await told('  tcp: { type: lines, password: x, port: 7001 }'), [])
  t.match(await told('  lines: { password: x, prot: 1 }'), [/CLAW101 4: Unknown key "prot".*port/])
  t.match(await told('  lines: { port: 7001 }'), [/CLAW102 4: .*password/])
  t.match(await told('  lines: { password: x, port: seven }'), [/CLAW103 4: channels\.lines\.port must be a whole number/])
  t.match(await told('  lines: { password: x, strangers: perhaps }'), [/CLAW104 4: .*strangers/], 'what all channels have, too')
  t.match(await told('  tcp: { type: liens, password: x }'), [/CLAW104 4: .*"liens".*lines/])
  t.match(await told('  lines: { password: x, x-mine: 1 }'), [])
})
