import { cp, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { packageRoot } from '../../src/resources.ts'
import { startClaw } from '../../src/start.ts'

/** Nothing of these leaves this machine: the platform's address is one where nobody answers. */
const ENV = { PATH: process.env['PATH'] ?? '', TELEGRAM_BOT_TOKEN: '1:T', BRIDGE_TOKEN: 'bridge-secret' }

const examples = (await readdir(join(packageRoot(), 'examples'), { withFileTypes: true }))
  .filter((one) => one.isDirectory())
  .map((one) => one.name)

t.ok(examples.length >= 5, 'five examples at least')

for (const name of examples) {
  t.test(`${name} starts and answers`, async (t) => {
    const root = t.testdir({})
    await cp(join(packageRoot(), 'examples'), root, { recursive: true })
    const folder = join(root, name)
    // The example as it is, on a free port and without the platform's own servers.
    await rename(join(folder, 'openclaw.yaml'), join(folder, 'example.yaml'))
    const text = await readFile(join(folder, 'example.yaml'), 'utf8')
    const local = text.replace(/^( +)telegram:\s*$/m, '$1telegram:\n$1  apiRoot: "http://127.0.0.1:9"')
    if (text.includes('telegram:\n')) t.match(local, 'apiRoot', 'no real platform is called')
    await writeFile(join(folder, 'example.yaml'), local)
    await writeFile(join(folder, 'openclaw.yaml'), 'include: [example.yaml]\ngateway: { port: 0 }\n')
    const claw = await startClaw({ file: join(folder, 'openclaw.yaml'), env: ENV, watch: false })
    t.teardown(() => claw.stop())
    t.equal((await fetch(`${claw.gateway?.url}/readyz`)).status, 200)
    const [channelId = 'http'] = claw.engine.plan.channels.keys()
    const sent = await claw.engine.receive({ channelId, userId: 'someone', content: 'hello' }, { kind: 'owner' })
    if (!sent.accepted) throw new Error(sent.reason)
    const answer = await claw.engine.waitForAnswer(sent.sessionKey, sent.messageId)
    t.not(answer.response, '')
    t.not(answer.isError, true)
  })
}
