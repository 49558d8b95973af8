// The three guides for authors, followed literally: their files are written, their commands run on this Node, and what they print is
// what the guide shows.

import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { packageRoot } from '../../src/resources.ts'
import { followGuide, type Guide } from '../support/guide.ts'

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Each command in turn; one that runs on is held to its first line. */
async function followCommands(t: Test, guide: Guide, env: Readonly<Record<string, string>> = {}): Promise<void> {
  t.ok(guide.commands.length > 1, 'there are commands to follow')
  for (const { line, expected } of guide.commands) {
    const printed = await guide.run(line, env)
    t.equal(line.endsWith(' &') ? printed.split('\n')[0] : printed, expected, line)
  }
}

t.test('writing a tool', async (t) => followCommands(t, await followGuide(t, 'writing-a-tool')))

t.test('writing a tool, without a plugin: its own judge decides', async (t) => {
  const guide = await followGuide(t, 'writing-a-tool')
  await mkdir(join(guide.folder, 'node_modules'))
  await symlink(packageRoot(), join(guide.folder, 'node_modules/claw-engine'))
  const agents = 'agents: { main: { soul: S, tools: [pay], model: demo, permissions: { allow: ["tool:pay"] } } }'
  const models = 'models: { demo: { provider: scripted, script: script.yaml } }'
  await writeFile(join(guide.folder, 'openclaw.yaml'), `gateway: { port: 0 }\n${agents}\n${models}\n`)
  const pays = (amount: string): string =>
    `  - { match: "^pay ${amount}$", tool_calls: [{ name: pay, input: { to: Bob, amount: ${amount} } }] }\n`
  const script = `replies:\n${pays('7')}${pays('700')}  - { tool: pay, match: ".*", text: "$0" }\n`
  await writeFile(join(guide.folder, 'script.yaml'), script)
  const url = /http:\S+/.exec(await guide.run('node run.mjs &'))?.[0] ?? ''
  const answer = async (message: string): Promise<string> => {
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(`${url}/chat`, { method: 'POST', headers, body: JSON.stringify({ user_id: 'me', message }) })
    return ((await response.json()) as { response: string }).response
  }
  t.equal(await answer('pay 7'), 'Paid 7 to Bob.')
  t.equal(await answer('pay 700'), 'Not run: More than 100 is never paid.')
})

t.test('writing a model service', async (t) => {
  const port = String(await freePort())
  await followCommands(t, await followGuide(t, 'writing-a-model-service'), { PORT: port, PARROT_URL: `http://127.0.0.1:${port}` })
})

t.test('writing a channel', async (t) => {
  const guide = await followGuide(t, 'writing-a-channel')
  const file = join(guide.folder, 'openclaw.yaml')
  // Any free port in place of the usual one, which another test may hold.
  await writeFile(file, `gateway: { port: 0 }\n${await readFile(file, 'utf8')}`)
  await followCommands(t, guide, { LINES_PORT: String(await freePort()) })
})

t.test('their TypeScript is what test/types checks', async (t) => {
  const names = { 'writing-a-tool': 'tool', 'writing-a-model-service': 'model', 'writing-a-channel': 'channel' }
  for (const [name, module] of Object.entries(names)) {
    const { types } = await followGuide(t, name)
    const checked = await readFile(join(packageRoot(), `test/types/${name}.ts`), 'utf8')
    const [, ...code] = checked.split('\n\n')
    t.equal(code.join('\n\n').replaceAll(`../../src/${module}.ts`, `claw-engine/${module}`), types[0], name)
  }
})
