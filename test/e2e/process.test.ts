import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { createFakeTelegram } from '../../src/channels/telegram/fake/server.ts'
import { startFakeMessagesApi } from '../support/fake-messages-api.ts'
import { claw, post, startClawProcess } from '../support/process.ts'
import { testdir } from '../support/testdir.ts'

const until = async (what: () => boolean | Promise<boolean>, ms = 15_000): Promise<void> => {
  for (const end = Date.now() + ms; !(await what()); ) {
    if (Date.now() > end) throw new Error('waited in vain')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

t.test('the built claw, a model’s API and Telegram, over real sockets', async (t) => {
  const api = await startFakeMessagesApi({
    reply: (request) => (JSON.stringify(request.messages).includes('Mehdi') ? 'You are Mehdi.' : 'Who?'),
  })
  const telegram = await createFakeTelegram({ token: '123:SECRET-TOKEN' })
  const yaml = (soul: string) => `
gateway: { port: 0 }
models: { api: { provider: anthropic, baseURL: "${api.url}", apiKey: "\${MODEL_KEY}" } }
agents: { main: { soul: ${soul}, model: api/m, sessionScope: per-peer } }
channels:
  http: {}
  telegram: { token: "\${TOKEN}", apiRoot: "${telegram.url}", allowFrom: [mehdi] }
identityLinks: { mehdi: ["telegram:123", "http:123"] }
`
  const cwd = testdir(t, { 'openclaw.yaml': yaml('ONE'), '.env': 'TOKEN=123:SECRET-TOKEN\nMODEL_KEY=model-key-secret\n' })
  const running = await startClawProcess(cwd)
  t.teardown(async () => {
    await running.stop('SIGKILL')
    await telegram.stop()
    await api.close()
  })

  await t.test('told on Telegram, recalled by POST /chat', async (t) => {
    telegram.say({ from: 123, text: 'My name is Mehdi' })
    await until(() => telegram.chat(123).some((message) => message.fromBot))
    const { status, body } = await post(running.url, { user_id: '123', message: 'What is my name?' })
    t.equal(status, 200)
    t.match(body, { response: 'You are Mehdi.', session_key: 'agent:main:mehdi' })
  })

  await t.test('a stranger on Telegram gets nothing', async (t) => {
    telegram.say({ from: 666, text: 'hello' })
    telegram.say({ from: 123, text: 'again' })
    await until(() => telegram.chat(123).filter((message) => message.fromBot).length === 2)
    t.equal(telegram.chat(666).filter((message) => message.fromBot).length, 0)
  })

  await t.test('save → live, seen by status and reload --wait', async (t) => {
    await writeFile(join(cwd, 'openclaw.yaml'), yaml('TWO'))
    const waited = await claw(['reload', '--wait'], { cwd })
    t.equal(waited.code, 0, waited.err)
    await post(running.url, { user_id: 'new', message: 'hi' })
    t.match(JSON.stringify(api.requests.at(-1)?.body.system), /TWO/)
    const status = JSON.parse((await claw(['status', '--format', 'json'], { cwd })).out)
    t.match(status, {
      formatVersion: 1,
      lastReload: { ok: true },
      channels: [
        { id: 'http', state: 'connected' },
        { id: 'telegram', state: 'connected' },
      ],
    })
    t.equal(status.configHash, status.fileHash)
  })

  await t.test('a broken save keeps the bot and says where', async (t) => {
    await writeFile(join(cwd, 'openclaw.yaml'), `${yaml('THREE')}agentz: {}\n`)
    const waited = await claw(['reload', '--wait'], { cwd })
    t.equal(waited.code, 1)
    t.match(waited.out + waited.err, /agentz[\s\S]*agents/)
    t.equal((await post(running.url, { user_id: '123', message: 'still there?' })).status, 200)
    await writeFile(join(cwd, 'openclaw.yaml'), yaml('TWO'))
    t.equal((await claw(['reload', '--wait'], { cwd })).code, 0)
  })

  await t.test('no secret in the log', async (t) => {
    t.notMatch(running.log(), /SECRET-TOKEN|model-key-secret/)
  })

  await t.test('a second engine on the same state is refused, with the holder', async (t) => {
    const second = await claw(['run'], { cwd })
    t.equal(second.code, 78)
    t.match(second.err, new RegExp(`^openclaw\\.yaml:\\d+:\\d+ error CLAW503.*pid ${running.child.pid}`))
  })

  await t.test('SIGTERM drains and ends with 0', async (t) => {
    const last = post(running.url, { user_id: 'last', message: 'bye' })
    await until(() => api.requests.some((request) => JSON.stringify(request.body).includes('bye')))
    t.equal(await running.stop(), 0)
    t.equal((await last).status, 200)
  })
})

t.test('an invalid configuration is refused with 78 and its problems', async (t) => {
  const cwd = testdir(t, { 'openclaw.yaml': 'agents: { main: { sole: x } }\n' })
  const { code, err } = await claw(['run'], { cwd })
  t.equal(code, 78)
  t.match(err, /openclaw\.yaml:1:19[\s\S]*CLAW101[\s\S]*soul/)
  t.notMatch(err, /at .*\.js:\d/)
})

t.test('what is printed at the start works as it stands, for every owner and channel', async (t) => {
  const start = async (yaml: string): Promise<string> => {
    const running = await startClawProcess(testdir(t, { 'openclaw.yaml': `gateway: { port: 0 }\n${yaml}` }))
    t.equal(await running.stop(), 0)
    return running.log()
  }
  const agents = 'models: { demo: { provider: scripted } }\nagents: { main: { soul: S, model: demo } }\n'
  const owned = 'identityLinks: { ada: ["site:o\'neil"] }\nowners: [ada]\nchannels: { site: { type: http, allowFrom: [ada] } }\n'
  t.match(await start(agents + owned), `-d '{"user_id":"o'\\''neil","channel_id":"site","message":"hello"}'`)
  t.match(await start(agents), `-d '{"user_id":"me","message":"hello"}'`)
  t.notMatch(await start(`${agents}channels: { alarms: { type: webhook, secret: x-x-x-x-x } }\n`), /curl/)
})

t.test('without a file: 66 and what to do', async (t) => {
  for (const verb of ['validate', 'run', 'chat']) {
    const { code, err } = await claw([verb], { cwd: testdir(t, {}) })
    t.equal(code, 66, verb)
    t.match(err, /openclaw\.yaml/)
  }
})

t.test('a port in use names the port and the key to change', async (t) => {
  const api = await startFakeMessagesApi()
  t.teardown(() => api.close())
  const cwd = testdir(t, {
    'openclaw.yaml': `gateway: { port: ${api.port} }\nmodels: { demo: { provider: scripted } }\nagents: { main: { soul: S, model: demo } }\n`,
  })
  const { code, err } = await claw(['run'], { cwd })
  t.not(code, 0)
  t.match(err, new RegExp(`^openclaw\\.yaml:1:1 error CLAW502: Port ${api.port}[\\s\\S]*gateway\\.port`))
})

t.test('an agent without a key is told of at the start', async (t) => {
  const cwd = testdir(t, { 'openclaw.yaml': 'gateway: { port: 0 }\nagents: { main: { soul: S } }\n' })
  const running = await startClawProcess(cwd)
  t.teardown(() => running.stop('SIGKILL'))
  await until(() => running.log().includes('runs 1 agent'))
  t.match(running.log(), /ANTHROPIC_API_KEY is not set, and the agent main needs it\. Set ANTHROPIC_API_KEY/)
})
