import { appendFile, cp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { HEAD, startBot } from '../support/bot.ts'
import { claw } from '../support/process.ts'
import { fill, mountSmallDisk, NO_MOUNT, readOnlyView } from '../support/small-disk.ts'
import { openSocket } from '../support/socket-client.ts'
import { testdir } from '../support/testdir.ts'

const YAML = `${HEAD}agents: { main: { soul: S } }`
const SESSION = '.openclaw/agents/main/sessions/agent%3Amain%3Ahttp%3Au.jsonl'
const line = (value: object): string => `${JSON.stringify(value)}\n`

t.test('a transcript torn, full of NULs or edited into nonsense: the conversation goes on with what is good', async (t) => {
  const folder = testdir(t, {})
  const first = await startBot(YAML, { folder, api: { reply: () => 'noted' } })
  t.equal((await first.chat('u', 'my cat is called Mia')).body.response, 'noted')
  await first.stop()
  const good = await readFile(join(folder, SESSION), 'utf8')
  const nonsense: Readonly<Record<string, string>> = {
    'a torn line': good + good.slice(0, 40),
    'NULs, as a power cut leaves them': `${good}${'\0'.repeat(5000)}\n`,
    'lines of another program': `${good}hello\n[1,2]\nnull\n"x"\n`,
    'wrong shapes': good + line({ id: 7, role: 'king', content: {} }) + line({ id: 'x', role: 'user' }),
    'a result without its call, and a call without its result':
      good +
      line({ id: 'r', role: 'user', content: [{ type: 'tool_result', tool_use_id: 'none', content: 'x' }], timestamp: 'never' }) +
      line({ id: 'c', role: 'assistant', content: [{ type: 'tool_use', id: 'c1', name: 'bash', input: {} }], timestamp: '' }),
    'two of a kind in a row, and blanks':
      good +
      line({ id: 'a', role: 'assistant', content: ' ', timestamp: '' }) +
      line({ id: 'b', role: 'assistant', content: 'twice', timestamp: '' }),
    'a summary that keeps what is not there':
      good + line({ id: 's', role: 'system', kind: 'trim', content: '', trimmed: ['nope'] }),
    'the whole of it backwards': good.split('\n').reverse().join('\n'),
  }
  for (const [name, text] of Object.entries(nonsense)) {
    await writeFile(join(folder, SESSION), text)
    const b = await startBot(YAML, { folder, api: { reply: () => 'still here' } })
    // The fake refuses what the service would refuse.
    t.equal((await b.chat('u', 'what is my cat called?')).body.response, 'still here', name)
    t.match(b.api.requests[0]?.raw, /my cat is called Mia/, `${name}: what was good is still known`)
    t.equal((await b.chat('u', 'and now?')).body.response, 'still here', name)
    await b.stop()
    const after = await readFile(join(folder, SESSION), 'utf8')
    t.ok(after.startsWith(text.slice(0, good.length)), `${name}: nothing that stood was rewritten`)
  }
})

t.test('edited while the engine runs: the next turn reads what stands', async (t) => {
  const folder = testdir(t, {})
  const b = await startBot(YAML, { folder, api: { reply: () => 'ok' } })
  t.teardown(() => b.stop())
  await b.chat('u', 'one')
  await appendFile(
    join(folder, SESSION),
    line({ id: 'byhand', role: 'assistant', content: 'added by hand', timestamp: '2026-01-01T00:00:00.000Z' }),
  )
  t.equal((await b.chat('u', 'two')).body.response, 'ok')
  t.match(b.api.requests[1]?.raw, /added by hand/)
})

t.test('a full disk under a whole bot: said, nothing lost, and it goes on when there is room', { skip: NO_MOUNT }, async (t) => {
  const folder = mountSmallDisk(t, 4)
  const logged: string[] = []
  const log = { debug() {}, info() {}, warn() {}, error: (fields: object) => void logged.push(JSON.stringify(fields)) }
  const b = await startBot(YAML, { folder, log, api: { reply: () => 'ok' } })
  t.equal((await b.chat('u', 'before', { message_id: 'm0' })).body.response, 'ok')
  const before = await readFile(join(folder, SESSION), 'utf8')
  fill(join(folder, 'filler'))
  const large = 'x'.repeat(90_000)
  const refused = await b.chat('u', large, { message_id: 'm1' })
  t.equal(refused.status, 507, 'not taken, and said so')
  t.match(refused.body.error, { code: 'disk_full', message: /disk .* is full.*Free some space/ })
  t.notMatch(refused.body.error?.message, folder, 'where it is, is for the owner')
  const owner = await b.chat('u', large, { message_id: 'm1' }, { authorization: `Bearer ${b.claw.ownerSecret}` })
  t.match(owner.body.error?.message, folder)
  const client = await openSocket(b.url, { hello: { channelId: 'http' } })
  client.send('inbound_message', { userId: 'u', content: large, messageId: 'm1' })
  t.match((await client.next('error')).data, { code: 'disk_full', messageId: 'm1' })
  await client.close()
  t.match(logged.join('\n'), /disk that holds .* is full/)
  t.equal((await readFile(join(folder, SESSION), 'utf8')).slice(0, before.length), before)
  t.equal((await b.chat('u', 'before', { message_id: 'm0' })).body.response, 'ok', 'what was answered is still known')

  await rm(join(folder, 'filler'))
  t.equal((await b.chat('u', 'after', { message_id: 'm2' })).body.response, 'ok')
  await b.stop()
  const again = await startBot(YAML, { folder, api: { reply: () => 'ok' } })
  t.equal((await again.chat('u', 'later')).body.response, 'ok')
  t.match(again.api.requests[0]?.raw, /before[\s\S]*after[\s\S]*later/)
  await again.stop()
})

t.test(
  'a disk that fills while the model answers: the answer is kept, and the model is not asked again',
  { skip: NO_MOUNT },
  async (t) => {
    const folder = mountSmallDisk(t, 2)
    let calls = 0
    const b = await startBot(YAML, {
      folder,
      log: { debug() {}, info() {}, warn() {}, error() {} },
      api: {
        reply: () => {
          calls++
          if (calls === 1) fill(join(folder, 'filler'))
          return `answer ${calls} ${'x'.repeat(30_000)}`
        },
      },
    })
    const asked = b.chat('u', 'one', { message_id: 'm1' })
    await new Promise((resolve) => setTimeout(resolve, 1500))
    await rm(join(folder, 'filler'))
    t.match((await asked).body.response, /^answer 1 /)
    t.equal(calls, 1)
    t.match((await b.chat('u', 'two')).body.response, /^answer 2 /)
    await b.stop()
  },
)

t.test('a state folder that can only be read: refused with what to do', { skip: NO_MOUNT }, async (t) => {
  const disk = mountSmallDisk(t, 4)
  const first = await startBot(YAML, { folder: disk, api: { reply: () => 'ok' } })
  await first.chat('u', 'hello')
  await first.stop()
  const view = readOnlyView(t, disk)
  const { code, err } = await claw(['run'], { cwd: view })
  t.equal(code, 78)
  t.match(err, /cannot be written: give this user the right to write there, or set stateDir/)
  t.notMatch(err, /our bug|at .*\.js:\d/)
  await cp(join(view, SESSION), join(testdir(t, {}), 'copy.jsonl'))
})
