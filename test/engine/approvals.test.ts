import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { type Bot, HEAD, startBot } from '../support/bot.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import type { FakeReply, MessagesRequest } from '../support/fake-messages-api.ts'
import { openSocket } from '../support/socket-client.ts'
import { testdir } from '../support/testdir.ts'

/** The model asks for a command once, then repeats what it was told. */
const asks =
  (command: string) =>
  (request: MessagesRequest): FakeReply | string => {
    const last = request.messages.at(-1)?.content
    const text = JSON.stringify(last)
    if (text.includes('tool_result') || text.includes('[Approval')) return `told: ${text}`
    return { toolCalls: [{ name: 'bash', input: { command } }] }
  }

const YAML = (more = '') => `${HEAD}
owners: ["webchat:boss"]
agents: { main: { soul: S, sandbox: "off", tools: [bash], permissions: { approvalWait: 29s, timeout: 1h ${more} } } }
`

async function open(b: Bot): Promise<string> {
  for (let i = 0; i < 400; i++) {
    const [first] = await b.claw.engine.approvals()
    if (first !== undefined) return first.id
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error('no approval was asked')
}

async function auditOf(b: Bot): Promise<Record<string, unknown>[]> {
  const text = await readFile(join(b.folder, '.openclaw/audit.jsonl'), 'utf8')
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}

t.test('a command that needs it waits for an owner, and runs once approved', async (t) => {
  const b = await startBot(YAML(), { api: { reply: asks('touch made.txt && echo yes') } })
  t.teardown(() => b.stop())
  const reply = b.chat('u', 'do it')
  const id = await open(b)
  const view = (await b.claw.engine.approvals())[0]
  t.match(view, { agentId: 'main', toolName: 'bash', text: 'touch made.txt && echo yes', requestedBy: 'http:u' })

  const nobody = await b.claw.engine.decide(id, 'once', { identity: 'http:u', caller: { kind: 'trusted' } })
  t.equal(nobody.ok, false, 'who asked may not answer')
  const claimed = await b.claw.engine.decide(id, 'once', { identity: 'webchat:boss', caller: { kind: 'claimed' } })
  t.equal(claimed.ok, false, 'a name alone approves nothing')
  t.match((await b.chat('boss', `/approve ${id} once`, { channel_id: 'webchat' })).body.response, /may not/)

  t.equal((await b.claw.engine.decide(id, 'once', { identity: 'webchat:boss', caller: { kind: 'trusted' } })).ok, true)
  t.match((await reply).body.response, /yes/)
  t.equal((await b.claw.engine.decide(id, 'deny', { caller: { kind: 'owner' } })).ok, false, 'first answer wins')
  const audit = await auditOf(b)
  t.ok(audit.some((line) => line['kind'] === 'tool' && line['decision'] === 'ask'))
  t.ok(audit.some((line) => line['kind'] === 'approval' && line['state'] === 'once'))
})

t.test(
  'a service that numbers its calls from the start: an answer is for the command that was shown, not for the next of that id',
  async (t) => {
    const clock = createFakeClock(Date.UTC(2026, 0, 5))
    const commands = ['touch first.txt', 'touch second.txt']
    const b = await startBot(YAML(), {
      clock,
      api: {
        reply: (request) => {
          const command = commands.shift()
          if (command !== undefined) return { toolCalls: [{ name: 'bash', input: { command }, id: 'call_0' }] }
          return `told: ${JSON.stringify(request.messages.at(-1)?.content)}`
        },
      },
    })
    t.teardown(() => b.stop())
    const reply = b.chat('u', 'do it')
    const first = await open(b)
    await clock.armed(29_000)
    await clock.advance(31_000)
    for (let i = 0; i < 400 && (await b.claw.engine.approvals()).length < 2; i++)
      await new Promise((resolve) => setTimeout(resolve, 5))
    const [one, two] = await b.claw.engine.approvals()
    t.match([one?.text, two?.text], ['touch first.txt', 'touch second.txt'], 'each is asked about')
    await b.claw.engine.decide(first, 'once', { caller: { kind: 'owner' } })
    await b.claw.engine.decide(two?.id ?? '', 'deny', { caller: { kind: 'owner' } })
    t.match((await reply).body.response, /an approver denied it/)
    await b.claw.engine.waitForAnswer('agent:main:http:u', `approval:${first}`)
    const made = await readdir(join(b.folder, 'workspace/main'))
    t.same(made, ['first.txt'])
  },
)

t.test('a denied command is not run', async (t) => {
  const b = await startBot(YAML(), { api: { reply: asks('rm -rf build') } })
  t.teardown(() => b.stop())
  const reply = b.chat('u', 'do it')
  await b.claw.engine.decide(await open(b), 'deny', { caller: { kind: 'owner' } })
  t.match((await reply).body.response, /denied/)
})

t.test('always is remembered for this agent, word by word', async (t) => {
  const b = await startBot(YAML(), { api: { reply: asks('mkdir -p out') } })
  t.teardown(() => b.stop())
  const reply = b.chat('u', 'do it')
  t.equal((await b.claw.engine.decide(await open(b), 'always', { caller: { kind: 'owner' } })).ok, true)
  await reply
  const saved = JSON.parse(await readFile(join(b.folder, '.openclaw/exec-approvals.json'), 'utf8'))
  t.equal(saved.agents.main.allowed.length, 1)
  t.match((await b.chat('u2', 'again')).body.response, /told/)
  t.equal((await b.claw.engine.approvals()).length, 0, 'it did not ask again')
})

t.test('nobody configured to answer: refused at once', async (t) => {
  const b = await startBot(`${HEAD}agents: { main: { soul: S, tools: [bash] } }`, { api: { reply: asks('make all') } })
  t.teardown(() => b.stop())
  t.match((await b.chat('u', 'do it')).body.response, /Nobody is configured/)
})

t.test('no answer in time: the turn ends, and the decision arrives as a message of its own', async (t) => {
  const clock = createFakeClock(Date.UTC(2026, 0, 5))
  const b = await startBot(YAML(), { clock, api: { reply: asks('touch late.txt && echo ran-late') } })
  t.teardown(() => b.stop())
  const reply = b.chat('u', 'do it')
  const id = await open(b)
  await clock.armed(29_000)
  await clock.advance(31_000)
  t.match((await reply).body.response, new RegExp(`${id} is pending`))
  await b.claw.engine.decide(id, 'once', { caller: { kind: 'owner' } })
  const answer = await b.claw.engine.waitForAnswer('agent:main:http:u', `approval:${id}`)
  t.match(answer.response, /granted[\s\S]*ran-late/)
})

t.test('a late result reaches the socket of the one who asked, and is counted for them', async (t) => {
  const clock = createFakeClock(Date.UTC(2026, 0, 5))
  const b = await startBot(YAML(), { clock, api: { reply: asks('touch late.txt && echo ran-late') } })
  t.teardown(() => b.stop())
  const client = await openSocket(b.url, { hello: { channelId: 'http' } })
  t.teardown(() => client.close())
  client.send('inbound_message', { userId: 'u', content: 'do it', messageId: 'm1' })
  const id = await open(b)
  await clock.armed(29_000)
  await clock.advance(31_000)
  t.match((await client.next('outbound_message')).data['content'], new RegExp(`${id} is pending`))
  await b.claw.engine.decide(id, 'once', { caller: { kind: 'owner' } })
  const late = await client.next('outbound_message')
  t.match(late.data, { target: 'u', replyTo: 'm1', content: /granted[\s\S]*ran-late/ })
  const by = (await b.claw.engine.usage()).map((one) => one.by)
  t.same([...new Set(by)], ['user:http:u'])
  const states = (await auditOf(b)).filter((line) => line['kind'] === 'approval').map((line) => [line['state'], line['by']])
  t.same(states, [
    ['pending', undefined],
    ['once', 'owner'],
  ])
})

for (const who of ['an owner', 'a user without rights']) {
  t.test(`a sub-agent’s late result reaches ${who} behind it, and is counted for them`, async (t) => {
    const clock = createFakeClock(Date.UTC(2026, 0, 5))
    const reply = (request: MessagesRequest): FakeReply | string => {
      const text = JSON.stringify(request.messages.at(-1)?.content)
      if (text.includes('tool_result') || text.includes('[Approval')) return `told: ${text}`
      if (JSON.stringify(request.system).includes('CHILD'))
        return { toolCalls: [{ name: 'bash', input: { command: 'touch kid.txt && echo kid-ran' } }] }
      return { toolCalls: [{ name: 'sessions_spawn', input: { agent: 'kid', prompt: 'do it' } }] }
    }
    const yaml = `${HEAD}
owners: ["webchat:boss"]
routing: { defaultAgent: main }
agents:
  main: { soul: S, tools: [bash, sessions_spawn], subagents: [kid], sandbox: "off" }
  kid: { name: Kid, soul: CHILD, sandbox: "off", tools: [bash], permissions: { approvalWait: 29s, timeout: 1h } }
`
    const b = await startBot(yaml, { clock, api: { reply } })
    t.teardown(() => b.stop())
    const headers: Record<string, string> = who === 'an owner' ? { authorization: `Bearer ${b.claw.ownerSecret}` } : {}
    const client = await openSocket(b.url, { headers, hello: { channelId: 'http', userId: 'u' } })
    const other = await openSocket(b.url, { hello: { channelId: 'http' } })
    t.teardown(() => other.close())
    other.send('inbound_message', { userId: 'other', content: '/status', messageId: 'o1' })
    await other.next('outbound_message')
    t.teardown(() => client.close())
    client.send('inbound_message', { userId: 'u', content: 'delegate', messageId: 'm1' })
    const id = await open(b)
    await clock.armed(29_000)
    await clock.advance(31_000)
    t.match((await client.next('outbound_message')).data['content'], new RegExp(`${id} is pending`))
    await b.claw.engine.decide(id, 'once', { caller: { kind: 'owner' } })
    t.match((await client.next('outbound_message')).data, { target: 'u', agentId: 'kid', content: /granted[\s\S]*kid-ran/ })
    t.same([...new Set((await b.claw.engine.usage()).map((one) => one.by))], ['user:http:u'])
    t.notOk(other.frames.some((frame) => frame.type === 'outbound_message' && frame.data['target'] === 'u'))
  })
}

t.test('unanswered for its whole time: expired, and the model is told', async (t) => {
  const clock = createFakeClock(Date.UTC(2026, 0, 5))
  const b = await startBot(YAML(), { clock, api: { reply: asks('touch never.txt') } })
  t.teardown(() => b.stop())
  const reply = b.chat('u', 'do it')
  const id = await open(b)
  await clock.armed(29_000)
  await clock.advance(31_000)
  await reply
  await clock.advance(3_600_000)
  t.match((await b.claw.engine.waitForAnswer('agent:main:http:u', `approval:${id}`)).response, /ran out unanswered/)
})

t.test('a late approval survives a restart, and is judged by today’s plan', async (t) => {
  const clock = createFakeClock(Date.UTC(2026, 0, 5))
  const folder = testdir(t, {})
  const first = await startBot(YAML(), { folder, clock, api: { reply: asks('touch x && echo ran-x') } })
  const reply = first.chat('u', 'do it')
  const id = await open(first)
  await clock.armed(29_000)
  await clock.advance(31_000)
  await reply
  await first.stop()

  const second = await startBot(YAML(', deny: ["touch *"]'), { folder, clock, api: { reply: asks('unused') } })
  t.teardown(() => second.stop())
  t.equal((await second.claw.engine.approvals())[0]?.id, id)
  await second.claw.engine.decide(id, 'once', { caller: { kind: 'owner' } })
  const answer = await second.claw.engine.waitForAnswer('agent:main:http:u', `approval:${id}`)
  t.match(answer.response, /Not run/)
  t.notMatch(answer.response, /ran-x\\n/)
})

t.test('modes', async (t) => {
  for (const mode of ['record', 'ignore']) {
    await t.test(mode, async (t) => {
      const b = await startBot(
        `${HEAD}agents: { main: { soul: S, sandbox: "off", tools: [bash], permissions: { mode: ${mode} } } }`,
        { api: { reply: asks('mkdir made && echo ok-ran') } },
      )
      t.teardown(() => b.stop())
      t.match((await b.chat('u', 'do it')).body.response, /ok-ran/)
    })
    await t.test(`${mode}: hard denies hold`, async (t) => {
      const b = await startBot(
        `${HEAD}agents: { main: { soul: S, sandbox: "off", tools: [bash], permissions: { mode: ${mode} } } }`,
        { api: { reply: asks('cat .env') } },
      )
      t.teardown(() => b.stop())
      t.match((await b.chat('u', 'do it')).body.response, /Not run/)
    })
  }
})

t.test('a grant taken away while a turn runs: the call asks, also in that turn', async (t) => {
  let release: () => void = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const yaml = (allow: string) =>
    `${HEAD}owners: ["webchat:boss"]\nagents: { main: { soul: S, sandbox: "off", tools: [bash], permissions: { allow: [${allow}] } } }`
  const answer = asks('mkdir made')
  const b = await startBot(yaml('"mkdir *"'), {
    api: {
      reply: async (request, i) => {
        if (i === 0) await held
        return answer(request)
      },
    },
  })
  t.teardown(() => b.stop())
  const reply = b.chat('u', 'do it')
  while (!b.events.some((event) => event.type === 'turn_start')) await new Promise((resolve) => setTimeout(resolve, 5))
  await b.save(yaml(''))
  t.equal((await b.claw.engine.reload()).ok, true)
  release()
  await b.claw.engine.decide(await open(b), 'deny', { caller: { kind: 'owner' } })
  t.match((await reply).body.response, /denied/)
})
