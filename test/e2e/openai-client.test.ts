// Agents as models, with the official client of the chat completions API, against the real engine.

import OpenAI from 'openai'
import t from 'tap'
import { HEAD, startBot } from '../support/bot.ts'
import { type FakeReply, lastUserText } from '../support/fake-messages-api.ts'

const TOKEN = 'gateway-token-of-this-test'
const YAML = `${HEAD.replace('{ port: 0 }', `{ port: 0, auth: { token: ${TOKEN} } }`)}
agents: { main: { soul: MAIN, name: Jarvis, replyPrefix: true }, scout: { soul: SCOUT } }
routing: { defaultAgent: main }
`
/** Without a token a caller is nobody in particular. */
const OPEN = `${HEAD}
agents: { main: { soul: MAIN }, scout: { soul: SCOUT } }
routing: { defaultAgent: main, rules: [{ prefix: /scout, agentId: scout }] }
`

type Bot = Awaited<ReturnType<typeof startBot>>
type Reply = NonNullable<NonNullable<Parameters<typeof startBot>[1]>['api']>['reply']

async function bot(t: { teardown(fn: () => Promise<unknown>): void }, yaml: string, reply?: Reply): Promise<Bot> {
  const echo: Reply = (request) =>
    `${JSON.stringify(request.system).includes('SCOUT') ? 'scout' : 'main'}: ${lastUserText(request)}`
  const own = await startBot(yaml, { api: { reply: reply ?? echo } })
  t.teardown(() => own.stop())
  return own
}

const clientOf = (own: Bot, maxRetries = 0): OpenAI => new OpenAI({ apiKey: TOKEN, baseURL: `${own.url}/v1`, maxRetries })

const user = (content: string): { role: 'user'; content: string } => ({ role: 'user', content })

t.test('models', async (t) => {
  const client = clientOf(await bot(t, YAML))
  const ids: string[] = []
  for await (const model of client.models.list()) ids.push(model.id)
  t.strictSame(ids.sort(), ['main', 'scout'])
  t.match(await client.models.retrieve('scout'), { id: 'scout', object: 'model', owned_by: 'claw' })
  await t.rejects(client.models.retrieve('nobody'), { status: 404, code: 'model_not_found' })
})

t.test('a named user has a session that is kept; its last message goes to the agent', async (t) => {
  const own = await bot(t, YAML)
  const client = clientOf(own)
  const ask = (content: string) => client.chat.completions.create({ model: 'scout', user: 'u1', messages: [user(content)] })
  t.equal((await ask('hello')).choices[0]?.message.content, 'scout: hello')
  const second = await ask('again')
  t.equal(second.choices[0]?.message.content, 'scout: again')
  t.equal(second.choices[0]?.finish_reason, 'stop')
  t.ok(JSON.stringify(own.api.requests.at(-1)?.body).includes('hello'), 'what was said before is known')
  t.ok((second.usage?.prompt_tokens ?? 0) > 0 && (second.usage?.completion_tokens ?? 0) > 0)
})

t.test('without a user the messages are the conversation, whole, and nothing is kept', async (t) => {
  const own = await bot(t, YAML)
  const client = clientOf(own)
  const answer = await client.chat.completions.create({
    model: 'scout',
    messages: [
      { role: 'system', content: 'Speak like a pirate.' },
      user('My cat is called Ada.'),
      { role: 'assistant', content: 'A fine name.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is my cat called?' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
        ],
      },
    ],
  })
  t.ok(answer.choices[0]?.message.content?.startsWith('scout: What is my cat called?'))
  const sent = JSON.stringify(own.api.requests.at(-1)?.body)
  for (const part of ['pirate', 'Ada', 'A fine name', 'iVBORw0KGgo=']) t.ok(sent.includes(part), part)
  t.ok(sent.indexOf('Ada') < sent.indexOf('A fine name'))
  await client.chat.completions.create({ model: 'scout', messages: [user('And now?')] })
  t.notOk(JSON.stringify(own.api.requests.at(-1)?.body).includes('Ada'), 'another request knows nothing of it')
  t.same(await own.claw.engine.sessions(), [], 'no transcript is left')
})

t.test('streamed: once, also behind a name, with counts where they are asked for', async (t) => {
  const client = clientOf(await bot(t, YAML))
  const stream = await client.chat.completions.create({
    model: 'main',
    stream: true,
    stream_options: { include_usage: true },
    messages: [user('go on and on and on')],
  })
  let text = ''
  let pieces = 0
  let usage: number | undefined
  for await (const chunk of stream) {
    const piece = chunk.choices[0]?.delta.content ?? ''
    if (piece !== '') pieces++
    text += piece
    usage = chunk.usage?.total_tokens ?? usage
  }
  t.equal(text, 'main: go on and on and on')
  t.ok(pieces > 1, 'in pieces')
  t.ok((usage ?? 0) > 0)
})

t.test('what cannot be done is a clear error', async (t) => {
  const client = clientOf(await bot(t, YAML))
  const ask = (more: object) =>
    client.chat.completions.create({ model: 'main', messages: [user('x')], ...more } as Parameters<
      typeof client.chat.completions.create
    >[0])
  await t.rejects(ask({ model: 'nobody' }), { status: 404, code: 'model_not_found' })
  await t.rejects(ask({ tools: [{ type: 'function', function: { name: 'f', parameters: {} } }] }), {
    status: 400,
    code: 'unsupported_tools',
  })
  await t.rejects(ask({ n: 2 }), /400 /)
  await t.rejects(ask({ response_format: { type: 'json_object' } }), /400 /)
  await t.rejects(ask({ messages: [] }), /400 /)
  await t.rejects(ask({ messages: [{ role: 'assistant', content: 'x' }] }), /400 /)
  const url = 'https://example.org/cat.png'
  await t.rejects(ask({ messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }] }), /400 /)
  const wrong = new OpenAI({ apiKey: 'wrong', baseURL: client.baseURL, maxRetries: 0 })
  await t.rejects(wrong.models.list(), /401/)
})

t.test('a model that fails is an error there, streamed or not', async (t) => {
  const failing: Reply = (): FakeReply => ({ status: 500, error: { type: 'api_error', message: 'broken' } }) as FakeReply
  const client = clientOf(await bot(t, YAML, failing))
  await t.rejects(client.chat.completions.create({ model: 'main', messages: [user('x')] }), { status: 502, code: 'no_answer' })
  const stream = await client.chat.completions.create({ model: 'main', messages: [user('y')], stream: true })
  await t.rejects(async () => {
    for await (const _ of stream) {
      // read to its end
    }
  })
})

t.test('for a caller without rights the model is a wish', async (t) => {
  const client = clientOf(await bot(t, OPEN))
  const ask = (content: string) => client.chat.completions.create({ model: 'scout', messages: [user(content)] })
  const routed = await ask('hi')
  t.equal(routed.choices[0]?.message.content, 'main: hi')
  t.equal(routed.model, 'main', 'it says who answered')
  t.equal((await ask('/scout hi')).choices[0]?.message.content, 'scout: hi')
})

t.test('an idempotency key runs a turn once, also across a restart and while it runs', async (t) => {
  let turns = 0
  let release = (): void => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const reply: Reply = async (request) => {
    turns++
    if (lastUserText(request) === 'slow') await held
    return `turn ${turns}`
  }
  const own = await bot(t, YAML, reply)
  const ask = (content: string, key: string) =>
    clientOf(own).chat.completions.create(
      { model: 'main', messages: [user(content)] },
      { idempotencyKey: key, headers: { 'idempotency-key': key } },
    )
  const first = await ask('x', 'k1')
  const second = await ask('x', 'k1')
  t.equal(second.choices[0]?.message.content, first.choices[0]?.message.content)
  t.equal(second.usage?.total_tokens, first.usage?.total_tokens)
  t.equal(turns, 1)
  const both = [ask('slow', 'k2'), ask('slow', 'k2')]
  await new Promise((resolve) => setTimeout(resolve, 200))
  release()
  const [a, b] = await Promise.all(both)
  t.equal(a?.choices[0]?.message.content, b?.choices[0]?.message.content)
  t.equal(turns, 2)
  const { folder } = own
  await own.claw.stop()
  const later = await startBot(YAML, { folder, api: { reply } })
  t.teardown(() => later.stop())
  const again = await clientOf(later).chat.completions.create(
    { model: 'main', messages: [user('x')] },
    { headers: { 'idempotency-key': 'k1' } },
  )
  t.equal(again.choices[0]?.message.content, first.choices[0]?.message.content)
  t.equal(turns, 2)
})

t.test('the official client’s own retries run a turn once; the same words twice run twice', async (t) => {
  let turns = 0
  const reply: Reply = async () => {
    const turn = ++turns
    await new Promise((resolve) => setTimeout(resolve, 700))
    return `turn ${turn}`
  }
  const own = await bot(t, YAML, reply)
  const impatient = new OpenAI({ apiKey: TOKEN, baseURL: `${own.url}/v1`, maxRetries: 3, timeout: 300 })
  const answer = await impatient.chat.completions.create({ model: 'main', messages: [user('once')] })
  t.equal(answer.choices[0]?.message.content, '[Jarvis] turn 1')
  t.equal(turns, 1)
  const patient = clientOf(own)
  const same = () => patient.chat.completions.create({ model: 'main', messages: [user('twice')] })
  const two = await Promise.all([same(), same()])
  t.equal(turns, 3)
  t.not(two[0]?.choices[0]?.message.content, two[1]?.choices[0]?.message.content)
})
