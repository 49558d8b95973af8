import t, { type Test as T } from 'tap'
import { createModelRouter } from '../../src/models/failover.ts'
import type { ProviderDefinition } from '../../src/models/port.ts'
import { builtinProviders } from '../../src/models/registry.ts'
import { type ProviderSpec, Secret } from '../../src/plan/plan.ts'
import { silentLogger, systemRandom } from '../../src/ports.ts'

import { createFakeClock } from '../support/fake-clock.ts'
import { startFakeMessagesApi } from '../support/fake-messages-api.ts'

const spec = (id: string, more: Partial<ProviderSpec>): ProviderSpec => ({
  id,
  provider: 'anthropic',
  defaultModel: 'm',
  apiKey: new Secret('none'),
  headers: {},
  timeoutMs: 60_000,
  maxRetries: 0,
  prices: {},
  fingerprint: `${id}-1`,
  place: { file: 'openclaw.yaml', line: 1, column: 1 },
  ...more,
})
const request = (signal = new AbortController().signal) => ({
  system: 'You are terse.',
  tools: [],
  messages: [{ role: 'user' as const, content: 'hi' }],
  maxTokens: 100,
  signal,
})
const ref = (provider: string, model = 'm') => ({ provider, model })

async function setUp(t: T, more: Partial<ProviderSpec> = {}) {
  const [first, second] = [await startFakeMessagesApi(), await startFakeMessagesApi()]
  const clock = createFakeClock()
  const specs = [
    spec('one', { baseURL: first.url, ...more }),
    spec('two', { baseURL: second.url }),
    spec('demo', { provider: 'scripted', script: { path: 'd.yaml', text: 'default: offline here' } }),
  ]
  const models = new Map(specs.map((item) => [item.id, item]))
  const loads: string[] = []
  const closed: string[] = []
  // The real providers, with a tally of what is opened and closed.
  const providers: ProviderDefinition[] = builtinProviders.map((definition) => ({
    ...definition,
    load: async () => {
      const create = await definition.load()
      return (item, world) => {
        loads.push(item.id)
        const provider = create(item, world)
        const close = (): Promise<void> => {
          closed.push(item.id)
          return provider.close()
        }
        return { ...provider, close }
      }
    },
  }))
  const router = createModelRouter({ models, providers: () => providers, clock, random: systemRandom, log: silentLogger })
  t.teardown(async () => {
    await router.close()
    await Promise.all([first.close(), second.close()])
  })
  return { first, second, clock, models, router, loads, closed }
}

t.test('the first model answers when it can', async (t) => {
  const { router, second, loads } = await setUp(t)
  const result = await router.call({ model: ref('one'), fallbacks: [ref('two')] }, request())
  t.match(result, { ref: ref('one'), instead: false, content: [{ text: 'You said: hi' }] })
  t.equal(second.requests.length, 0)
  t.notOk(loads.includes('demo'), 'what is not used is not made')
})

t.test('outages go to the next, faults of the request do not', async (t) => {
  for (const [status, goes] of [
    [429, true],
    [529, true],
    [500, true],
    [401, true],
    [404, true],
    [400, false],
    [413, false],
  ] as const) {
    const { router, first, second } = await setUp(t)
    first.enqueue({ fault: { status } })
    const told: string[] = []
    const call = router.call({ model: ref('one'), fallbacks: [ref('two')] }, request(), {
      onFallback: (from, to, error) => told.push(`${from.provider}>${to.provider}:${error.kind}`),
    })
    if (goes) {
      t.match(await call, { ref: ref('two'), instead: true })
      t.equal(told.length, 1)
    } else {
      await t.rejects(call, { name: 'ModelError' })
      t.equal(second.requests.length, 0)
    }
  }
})

t.test('text that was streamed before a failure is taken back', async (t) => {
  const { router, first, second } = await setUp(t)
  first.enqueue({ text: 'this will be cut off in the middle', fault: { cut: true, after: 1 } })
  second.enqueue('the answer')
  const seen: string[] = []
  await router.call({ model: ref('one'), fallbacks: [ref('two')] }, request(), {
    onText: (text) => seen.push(text),
    onRestart: () => seen.push('<restart>'),
  })
  t.equal(seen.slice(seen.indexOf('<restart>')).join(''), '<restart>the answer')
  t.ok(seen.indexOf('<restart>') > 0)
})

t.test('a model that failed rests, then is tried again', async (t) => {
  const { router, first, second, clock } = await setUp(t)
  const models = { model: ref('one'), fallbacks: [ref('two')] }
  first.enqueue({ fault: { status: 529 } })
  await router.call(models, request())
  t.match(router.state(), [
    { provider: 'one', state: 'open', failures: 1, lastError: { kind: 'overloaded' } },
    { provider: 'two', state: 'closed' },
  ])
  await router.call(models, request())
  t.equal(first.requests.length, 1, 'not asked while it rests')
  clock.jump(2_000)
  t.match(router.state()[0], { state: 'half-open' })
  first.enqueue({ fault: { status: 529 } })
  await router.call(models, request())
  t.equal(first.requests.length, 2)
  clock.jump(2_000)
  t.match(router.state()[0], { state: 'open', failures: 2 }, 'the second rest is longer')
  clock.jump(2_000)
  t.match(await router.call(models, request()), { instead: false })
  t.match(router.state()[0], { state: 'closed', failures: 0 })
  t.equal(second.requests.length, 3)
})

t.test('credentials rest longer; retry-after is obeyed; all down still tries', async (t) => {
  const { router, first, second, clock } = await setUp(t)
  const models = { model: ref('one'), fallbacks: [ref('two')] }
  first.enqueue({ fault: { status: 401 } })
  second.enqueue({ fault: { status: 429, retryAfter: 45 } })
  await t.rejects(router.call(models, request()), { name: 'ModelError', kind: 'rate_limit' })
  const [one, two] = router.state()
  t.equal((one?.until ?? 0) - clock.now(), 60_000)
  t.equal((two?.until ?? 0) - clock.now(), 45_000)
  t.match(await router.call(models, request()), { ref: ref('two') }, 'the one that is back first')
})

t.test('a storm is one failure, rests grow to a minute, and a clock that is set changes none of it', async (t) => {
  const { router, first, clock } = await setUp(t)
  const models = { model: ref('one'), fallbacks: [ref('two')] }
  const storm = async (calls: number): Promise<number> => {
    for (let n = 0; n < calls; n++) first.enqueue({ fault: { status: 529 } })
    await Promise.all(Array.from({ length: calls }, () => router.call(models, request())))
    return (router.state()[0]?.until ?? 0) - clock.now()
  }
  // All but the first of the later storms find it resting.
  const rests: number[] = [await storm(20)]
  for (let n = 0; n < 8; n++) {
    clock.jump(rests.at(-1) ?? 0)
    rests.push(await storm(1))
  }
  t.strictSame(rests, [2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000, 60_000])
  clock.set(-86_400_000)
  t.match(router.state()[0], { state: 'open', until: clock.now() + 60_000 })
  clock.jump(60_000)
  t.match(router.state()[0], { state: 'half-open' })
})

t.test('a service that asks for more than a few seconds is not waited for where there is another', async (t) => {
  const { router, first, second } = await setUp(t, { maxRetries: 2 })
  first.enqueue({ fault: { status: 429, retryAfter: 30 } })
  const models = { model: ref('one'), fallbacks: [ref('two')] }
  t.match(await router.call(models, request()), { ref: ref('two') })
  t.equal(first.requests.length, 1)
  t.equal(second.requests.length, 1)
})

t.test('a model that was retired is asked again after a while only', async (t) => {
  const { router, first, clock } = await setUp(t)
  const models = { model: ref('one'), fallbacks: [ref('two')] }
  first.enqueue({ fault: { status: 404, message: 'model: m' } })
  t.match(await router.call(models, request()), { ref: ref('two'), instead: true })
  t.match(router.state()[0], { state: 'open', lastError: { kind: 'no_model' } })
  await router.call(models, request())
  t.equal(first.requests.length, 1)
  clock.jump(60_000)
  t.match(await router.call(models, request()), { ref: ref('one'), instead: false })
})

t.test('a model alone is asked at every call', async (t) => {
  const { router, first } = await setUp(t)
  first.enqueue({ fault: { status: 500 } })
  await t.rejects(router.call({ model: ref('one'), fallbacks: [] }, request()), { name: 'ModelError', kind: 'server' })
  t.match(await router.call({ model: ref('one'), fallbacks: [] }, request()), { instead: false })
})

t.test('offline is for a missing key, never for an outage', async (t) => {
  const keyless = await setUp(t, { apiKey: new Secret('') })
  const models = { model: ref('one'), fallbacks: [ref('two')], offline: ref('demo') }
  t.match(await keyless.router.call(models, request()), { ref: ref('demo'), content: [{ text: 'offline here' }] })
  t.equal(keyless.second.requests.length, 0)
  const bare = await setUp(t, { apiKey: new Secret('') })
  await t.rejects(bare.router.call({ model: ref('one'), fallbacks: [] }, request()), { name: 'ModelError', kind: 'credentials' })
  t.match(await bare.router.call({ model: ref('one'), fallbacks: [ref('two')] }, request()), { ref: ref('two') })
  const down = await setUp(t)
  down.first.enqueue({ fault: { status: 500 } })
  await t.rejects(down.router.call({ model: ref('one'), fallbacks: [], offline: ref('demo') }, request()), {
    name: 'ModelError',
    kind: 'server',
  })
})

t.test('an abort ends it', async (t) => {
  const { router, first, second } = await setUp(t)
  const controller = new AbortController()
  first.enqueue({ text: 'text', fault: { hang: true, after: 1 } })
  const call = router.call({ model: ref('one'), fallbacks: [ref('two')] }, request(controller.signal), {
    onText: () => controller.abort(),
  })
  await t.rejects(call, { name: 'ModelError', kind: 'aborted' })
  t.equal(second.requests.length, 0)
  t.match(router.state()[0], { state: 'closed' }, 'not the fault of the model')
})

t.test('a reload keeps what is unchanged, and lets calls end', async (t) => {
  const { router, models, loads, closed, first } = await setUp(t)
  const agent = { model: ref('one'), fallbacks: [] }
  await router.call(agent, request())
  router.apply(new Map([...models].map(([id, item]) => [id, { ...item }])))
  await router.call(agent, request())
  t.strictSame(loads, ['one'], 'same fingerprint, same provider')
  t.equal(first.connections(), 1)

  first.enqueue({ text: 'slow answer', delayMs: 50 })
  const running = router.call(agent, request())
  while (first.requests.length < 3) await new Promise((resolve) => setTimeout(resolve, 1))
  const one = models.get('one')
  if (one === undefined) throw new Error('setUp makes it')
  router.apply(new Map([['one', { ...one, fingerprint: 'one-2' }]]))
  t.strictSame(closed, [], 'in use')
  t.match(await running, { content: [{ text: 'slow answer' }] })
  await router.call(agent, request())
  t.strictSame([loads, closed], [['one', 'one'], ['one']])
  await t.rejects(router.call({ model: ref('two'), fallbacks: [] }, request()), { name: 'ModelError', kind: 'invalid' })
})

t.test('warm loads and never throws', async (t) => {
  const { router, loads } = await setUp(t)
  await router.warm(['one', 'nobody'])
  t.strictSame(loads, ['one'])
})
