import OpenAI from 'openai'
import t from 'tap'
import { HEAD, startBot } from '../support/bot.ts'
import { lastUserText } from '../support/fake-messages-api.ts'

t.test('agents as models, with the official client', async (t) => {
  const b = await startBot(`${HEAD}agents: { main: { soul: MAIN }, scout: { soul: SCOUT } }\nrouting: { defaultAgent: main }`, {
    api: {
      reply: (request) => `${JSON.stringify(request.system).includes('SCOUT') ? 'scout' : 'main'}: ${lastUserText(request)}`,
    },
  })
  t.teardown(() => b.stop())
  const client = new OpenAI({ apiKey: 'any', baseURL: `${b.url}/v1`, maxRetries: 0 })

  await t.test('models', async (t) => {
    const ids: string[] = []
    for await (const model of client.models.list()) ids.push(model.id)
    t.strictSame(ids.sort(), ['main', 'scout'])
    t.match(await client.models.retrieve('scout'), { id: 'scout', object: 'model', owned_by: 'claw' })
    await t.rejects(client.models.retrieve('nobody'), { status: 404, code: 'model_not_found' })
  })

  await t.test('an answer', async (t) => {
    const answer = await client.chat.completions.create({
      model: 'scout',
      user: 'u1',
      messages: [{ role: 'user', content: 'hello' }],
    })
    t.equal(answer.choices[0]?.message.content, 'scout: hello')
    t.equal(answer.choices[0]?.finish_reason, 'stop')
  })

  await t.test('streamed', async (t) => {
    const stream = await client.chat.completions.create({
      model: 'main',
      user: 'u2',
      stream: true,
      messages: [{ role: 'user', content: 'go on and on and on' }],
    })
    let text = ''
    let pieces = 0
    for await (const chunk of stream) {
      const piece = chunk.choices[0]?.delta.content ?? ''
      if (piece !== '') pieces++
      text += piece
    }
    t.equal(text, 'main: go on and on and on')
    t.ok(pieces > 1, 'in pieces')
  })

  await t.test('an unknown model is a clear error', async (t) => {
    await t.rejects(client.chat.completions.create({ model: 'nobody', messages: [{ role: 'user', content: 'x' }] }), /404/)
  })
})
