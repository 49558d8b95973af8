import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createFakeTelegram } from '../../src/channels/telegram/fake/server.ts'
import { type Bot, HEAD, startBot } from '../support/bot.ts'
import { runCli } from '../support/run-cli.ts'
import { testdir } from '../support/testdir.ts'

const YAML = `${HEAD}owners: ["webchat:boss", "telegram:7"]
agents: { main: { soul: S }, other: { soul: O } }
routing: { defaultAgent: main, rules: [{ prefix: /o, agentId: other }] }
channels: { http: {}, webchat: {} }`

const bot = async (t: Test, folder: string, yaml = YAML): Promise<Bot> => {
  const started = await startBot(yaml, { folder, api: { reply: () => 'ok' } })
  t.teardown(() => started.stop())
  return started
}
const codes = async (b: Bot): Promise<readonly number[]> => [
  (await b.chat('u', 'hello')).status,
  (await b.chat('u', '/o hello')).status,
]

t.test('/stop all: from an owner everything stops, from anybody else nothing', async (t) => {
  const telegram = await createFakeTelegram({ token: '1:T' })
  t.teardown(() => telegram.stop())
  const b = await bot(
    t,
    testdir(t, {}),
    `${YAML.replace('channels: {', `channels: { telegram: { token: "1:T", apiRoot: "${telegram.url}", allowFrom: ["telegram:7", "telegram:8"] },`)}`,
  )
  const heard = async (id: number, text: string): Promise<string> => {
    const before = telegram.chat(id).length
    telegram.say({ from: id, text })
    for (let i = 0; i < 1000 && telegram.chat(id).length < before + 2; i++) await new Promise((resolve) => setTimeout(resolve, 5))
    return telegram.chat(id).at(-1)?.text ?? ''
  }
  t.match(await heard(8, '/stop all'), /Only an owner/)
  t.match(
    (await b.chat('boss', '/stop all', { channel_id: 'webchat' })).body.response,
    /Only an owner/,
    'a name alone is a claim',
  )
  t.same(await codes(b), [200, 200])
  t.match(await heard(7, '/stop all'), /Everything is stopped/)
  t.same(await codes(b), [503, 503])
  t.match(await heard(8, '/resume'), /Only an owner/)
  t.same(await codes(b), [503, 503])
  t.match(await heard(7, '/resume all'), /Going on/)
  t.same(await codes(b), [200, 200])
})

t.test('a stop that comes while a turn is just being taken up ends it too', async (t) => {
  const b = await bot(t, testdir(t, {}))
  let halted = Promise.resolve()
  b.claw.engine.on((event) => {
    if (event.type === 'inbound') halted = b.claw.engine.halt(undefined, 'the test')
  })
  t.equal((await b.chat('u', 'hello')).body.response, '(stopped)')
  await halted
  t.equal(b.api.requests.length, 0)
})

t.test('/status says that something runs', async (t) => {
  const b = await bot(t, testdir(t, {}))
  const states: string[] = []
  b.api.setReply(async () => {
    states.push(String((await b.chat('u', '/status')).body.response))
    return 'ok'
  })
  await b.chat('u', 'hello')
  states.push(String((await b.chat('u', '/status')).body.response))
  t.match(states, [/agent:main:http:u\nSomething is running here; \/stop ends it\.\nWaiting: 0 messages/, /http:u\nWaiting/])
})

t.test('a disk that cannot store the stop keeps nothing running', async (t) => {
  const folder = testdir(t, {})
  const b = await startBot(YAML, { folder, api: { reply: () => ({ text: 'late', delayMs: 5_000 }) } })
  t.teardown(() => b.stop())
  const running = b.chat('u', 'hello')
  while (b.api.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  // A folder in its place: the record cannot be written, no matter who asks.
  await mkdir(join(folder, '.openclaw/halts.json'))
  await t.rejects(b.claw.engine.halt(undefined, 'test'))
  t.match((await running).body.response, /stopped/)
  t.equal((await b.chat('u', 'again')).status, 503)
})

t.test('claw stop and resume, asked of a running engine, hold across restarts', async (t) => {
  const folder = testdir(t, {})
  const first = await bot(t, folder)
  t.match((await runCli(folder, 'stop', '--agent', 'nobody')).err, /no agent "nobody"/)
  t.match(await runCli(folder, 'stop', '--agent', 'other'), { code: 0, out: /other is stopped/ })
  t.same(await codes(first), [200, 503], 'the others go on')
  t.match((await runCli(folder, 'status', '--format', 'json')).json(), { stopped: false })
  await first.stop()
  const second = await bot(t, folder)
  t.same(await codes(second), [200, 503])
  t.match(await runCli(folder, 'stop'), { code: 0, out: /everything is stopped; / })
  t.same(await codes(second), [503, 503])
  await second.stop()
  const third = await bot(t, folder)
  t.same(await codes(third), [503, 503])
  t.match(await runCli(folder, 'resume', '--format', 'json'), { code: 0, out: /"running": ?true/ })
  t.same(await codes(third), [200, 200], 'everything, single agents too')
})

t.test('the same without a running engine: it starts halted', async (t) => {
  const folder = testdir(t, { 'openclaw.yaml': YAML.replaceAll('$API', 'http://127.0.0.1:9') })
  t.match(await runCli(folder, 'stop'), { code: 0, out: /from the next start on/ })
  t.match(await runCli(folder, 'resume'), { code: 0, out: /from the next start on/ })
  t.match(await runCli(folder, 'stop', '--agent', 'nobody'), { code: 66, err: /no agent "nobody"/ })
  t.match(await runCli(folder, 'stop', '--agent', 'other'), { code: 0 })
  const b = await bot(t, folder)
  t.same(await codes(b), [200, 503])
  const lines = (await readFile(join(folder, '.openclaw/audit.jsonl'), 'utf8')).trim().split('\n')
  t.match(
    lines.map((line) => JSON.parse(line)).filter(({ kind }) => kind === 'halt' || kind === 'resume'),
    [
      { kind: 'halt', agentId: '*', by: 'owner' },
      { kind: 'resume', agentId: '*' },
      { kind: 'halt', agentId: 'other' },
    ],
  )
  t.match(await runCli(folder, 'audit', 'verify'), { code: 0 })
})

t.test('a record that is damaged stops everything until somebody resumes', async (t) => {
  for (const text of ['{"all":nul', '', '[]', '{"all":null}', '\0\0\0\0']) {
    const folder = testdir(t, { '.openclaw': { 'halts.json': text } })
    const b = await bot(t, folder)
    t.same(await codes(b), [503, 503], JSON.stringify(text))
    t.equal((await b.claw.engine.status()).stopped, true)
    t.match(await runCli(folder, 'resume', '--agent', 'main'), { code: 0 })
    t.same(await codes(b), [503, 503], 'one agent alone cannot be told apart')
    t.match(await runCli(folder, 'resume'), { code: 0 })
    t.same(await codes(b), [200, 200])
    await b.stop()
  }
})

t.test('a heartbeat that is asked for says why it does not run, or where it failed', async (t) => {
  const yaml = `${YAML}\nheartbeats: [{ name: hb, schedule: "0 0 1 1 *", agent: main, prompt: p }]`
  const b = await bot(t, testdir(t, {}), yaml)
  await b.claw.engine.halt('main', 'test')
  t.match(await b.claw.engine.runHeartbeat('hb'), { ok: false, message: /main is stopped/ })
  await b.claw.engine.resume('main', 'test')
  t.same(await b.claw.engine.runHeartbeat('hb'), { ok: true, message: 'hb: ran' })
  b.api.setReply(() => ({ fault: { status: 401 } }))
  t.match(await b.claw.engine.runHeartbeat('hb'), { ok: false, message: /hb: failed; .*claw sessions show cron:hb/ })
})
