import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { packageRoot } from '../../src/resources.ts'
import { HEAD, startBot } from '../support/bot.ts'
import { lastUserText } from '../support/fake-messages-api.ts'

const FOLDER = join(packageRoot(), 'examples/08-your-own-channel')
const YAML = `${HEAD}
agents: { main: { soul: S } }
channels: { lines: { type: socket, secret: "bridge-secret", allowFrom: [you] } }
`

interface Bridge {
  readonly child: ChildProcess
  say(line: string): void
  saw(text: string, ms?: number): Promise<boolean>
}

function bridge(command: string, args: readonly string[]): Bridge {
  const child = spawn(command, args, { env: { PATH: process.env['PATH'] ?? '', BRIDGE_TOKEN: 'bridge-secret' }, stdio: 'pipe' })
  let out = ''
  child.stdout.on('data', (data: Buffer) => {
    out += data.toString()
  })
  child.stderr.resume()
  child.stdin.on('error', () => {})
  return {
    child,
    say: (line) => child.stdin.write(`${line}\n`),
    async saw(text, ms = 30_000) {
      for (const end = Date.now() + ms; Date.now() < end; ) {
        if (out.includes(text)) return true
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      return false
    },
  }
}

const hasPython = (() => {
  try {
    return execFileSync('python3', ['--version']).length > 0
  } catch {
    return false
  }
})()

for (const [name, command, file] of [
  ['python', 'python3', 'bridge.py'],
  ['bash', 'bash', 'bridge.sh'],
] as const) {
  t.test(
    `a channel in ${name}`,
    { skip: command === 'python3' && !hasPython ? 'python3 is not installed' : false },
    async (t) => {
      const b = await startBot(YAML, { api: { reply: (request) => `echo: ${lastUserText(request)}` } })
      const port = String(b.claw.gateway?.port)
      const program = bridge(command, [join(FOLDER, file), '127.0.0.1', port, 'lines'])
      t.teardown(async () => {
        program.child.kill('SIGKILL')
        await b.stop()
      })
      program.say('hello "quoted" \\ world')
      t.ok(await program.saw(name === 'bash' ? 'echo: hello \\"quoted\\"' : 'echo: hello "quoted" \\ world'))
      program.say(`long ${'x'.repeat(3000)} end`)
      t.ok(await program.saw(`${'x'.repeat(3000)} end`))
    },
  )
}

t.test('a reply waits for a bridge that is away', { skip: hasPython ? false : 'python3 is not installed' }, async (t) => {
  let release: () => void = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const b = await startBot(YAML, {
    api: {
      reply: async () => {
        await held
        return 'worth waiting for'
      },
    },
  })
  const args = [join(FOLDER, 'bridge.py'), '127.0.0.1', String(b.claw.gateway?.port), 'lines']
  const first = bridge('python3', args)
  first.say('hello')
  for (let i = 0; i < 500 && !b.events.some((event) => event.type === 'turn_start'); i++)
    await new Promise((resolve) => setTimeout(resolve, 20))
  first.child.kill('SIGKILL')
  await new Promise((resolve) => first.child.on('exit', resolve))
  release()
  for (let i = 0; i < 500 && !b.events.some((event) => event.type === 'turn_end'); i++)
    await new Promise((resolve) => setTimeout(resolve, 20))
  const second = bridge('python3', args)
  t.teardown(async () => {
    second.child.kill('SIGKILL')
    await b.stop()
  })
  t.ok(await second.saw('worth waiting for'))
})
