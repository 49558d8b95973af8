import { cp, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { isMap, parseDocument } from 'yaml'
import { packageRoot } from '../../src/resources.ts'
import { startClaw } from '../../src/start.ts'
import { testdir } from '../support/testdir.ts'

/** Secrets that look like secrets; each platform's address is one where nobody answers, so nothing leaves this machine. */
const ENV = {
  PATH: process.env['PATH'] ?? '',
  TELEGRAM_BOT_TOKEN: '1:T',
  BRIDGE_TOKEN: 'bridge-secret',
  DISCORD_BOT_TOKEN: 'discord-secret',
  SLACK_BOT_TOKEN: 'xoxb-secret',
  SLACK_APP_TOKEN: 'xapp-secret',
  IRC_PASSWORD: 'irc-secret',
  ALARM_SECRET: 'alarm-secret',
}
const NOBODY = { irc: 'irc://127.0.0.1:9', other: 'http://127.0.0.1:9' }
const OWN = new Set(['http', 'webchat', 'socket'])

/** The example with every platform out of reach. */
function local(text: string): string {
  const document = parseDocument(text)
  const channels = document.get('channels')
  for (const { key, value } of isMap(channels) ? channels.items : []) {
    const id = String(key)
    const type = isMap(value) ? String(value.get('type') ?? id) : id
    if (!OWN.has(type)) document.setIn(['channels', id, 'apiRoot'], type === 'irc' ? NOBODY.irc : NOBODY.other)
  }
  return String(document)
}

const examples = (await readdir(join(packageRoot(), 'examples'), { withFileTypes: true }))
  .filter((one) => one.isDirectory())
  .map((one) => one.name)

t.ok(examples.length >= 5, 'five examples at least')

for (const name of examples) {
  t.test(`${name} starts and answers`, async (t) => {
    const root = testdir(t, {})
    await cp(join(packageRoot(), 'examples'), root, { recursive: true })
    const folder = join(root, name)
    // The example as it is, on a free port and without the platform's own servers.
    await rename(join(folder, 'openclaw.yaml'), join(folder, 'example.yaml'))
    await writeFile(join(folder, 'example.yaml'), local(await readFile(join(folder, 'example.yaml'), 'utf8')))
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
