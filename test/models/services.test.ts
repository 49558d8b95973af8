// Every quirk of the table, through the real client and real sockets; and docs/compatibility.md, which is made of the table.

import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { withOwnIds } from '../../src/models/call-ids.ts'
import { createOpenAIProvider } from '../../src/models/openai.ts'
import type { ModelError, ModelMessage, ModelProvider, ModelResult } from '../../src/models/port.ts'
import { type ProviderSpec, Secret } from '../../src/plan/plan.ts'
import { systemClock, systemRandom } from '../../src/ports.ts'
import { services } from './services/index.ts'
import { type Expected, QUIRKS, type Quirk } from './services/quirk.ts'
import { withServices } from './services/table.ts'

const spec = (baseURL: string, more: Partial<ProviderSpec> = {}): ProviderSpec => ({
  id: 'api',
  provider: 'openai',
  defaultModel: 'm',
  baseURL,
  apiKey: new Secret('none'),
  headers: {},
  timeoutMs: 10_000,
  maxRetries: 0,
  prices: {},
  fingerprint: 'x',
  place: { file: 'openclaw.yaml', line: 1, column: 1 },
  ...more,
})

const hello: ModelMessage = { role: 'user', content: 'hello' }
const request = (messages: readonly ModelMessage[]) => ({
  model: 'm',
  system: '',
  tools: [{ name: 'save', description: '', input_schema: { type: 'object' } }],
  messages,
  maxTokens: 100,
  signal: new AbortController().signal,
})

interface Raw {
  /** What comes after `next`, once. */
  later?: Raw['next']
  readonly url: string
  readonly bodies: { readonly messages: readonly Record<string, unknown>[] }[]
  next: Pick<Quirk, 'status' | 'body' | 'reset' | 'headers'> & { readonly cuts?: readonly number[] }
}

/** Sends exactly the bytes it is given, cut into packets where it is told. */
async function rawServer(t: Test): Promise<Raw> {
  const raw: Raw = { url: '', bodies: [], next: { body: '' } }
  const server = createServer(async (incoming, response) => {
    const parts: Buffer[] = []
    for await (const part of incoming) parts.push(part as Buffer)
    raw.bodies.push(JSON.parse(Buffer.concat(parts).toString('utf8')))
    const { status = 200, body, reset, headers = {}, cuts = [] } = raw.next
    if (raw.later !== undefined) raw.next = raw.later
    response.socket?.setNoDelay(true)
    response.writeHead(status, { 'content-type': status === 200 ? 'text/event-stream' : 'application/json', ...headers })
    const bytes = Buffer.from(body)
    let from = 0
    for (const cut of [...cuts, bytes.length]) {
      response.write(bytes.subarray(from, cut))
      from = cut
      await new Promise(setImmediate)
    }
    if (reset !== true) return void response.end()
    await new Promise((resolve) => setTimeout(resolve, 5))
    response.socket?.resetAndDestroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return Object.assign(raw, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1` })
}

async function setUp(t: Test, more: Partial<ProviderSpec> = {}): Promise<{ raw: Raw; provider: ModelProvider }> {
  const raw = await rawServer(t)
  const provider = createOpenAIProvider(spec(raw.url, more), { clock: systemClock, random: systemRandom })
  t.teardown(() => provider.close())
  return { raw, provider }
}

/** What people saw: the text as it came, with restarts obeyed. */
async function called(provider: ModelProvider): Promise<{ result: ModelResult; shown: string }> {
  let shown = ''
  const result = await provider.call(
    request([hello]),
    (piece) => {
      shown += piece
    },
    () => {
      shown = ''
    },
  )
  // As the engine takes them in.
  return { result: { ...result, content: withOwnIds(result.content) }, shown }
}

const textOf = ({ content }: ModelResult): string => content.flatMap((one) => (one.type === 'text' ? [one.text] : [])).join('')
const thoughtsOf = ({ content }: ModelResult): string =>
  content.flatMap((one) => (one.type === 'thinking' ? [String(one['thinking'])] : [])).join('')
const callsOf = ({ content }: ModelResult): readonly (readonly [string, unknown])[] =>
  content.flatMap((one) => (one.type === 'tool_use' ? [[one.name, one.input] as const] : []))

function checkResult(t: Test, result: ModelResult, shown: string, expect: Expected): void {
  if (expect.text !== undefined) t.equal(textOf(result), expect.text)
  t.equal(shown, textOf(result), 'what was streamed is what there is')
  if (expect.thoughts !== undefined) t.equal(thoughtsOf(result), expect.thoughts)
  t.strictSame(callsOf(result), expect.calls ?? [])
  if (expect.stopReason !== undefined) t.equal(result.stopReason, expect.stopReason)
  if (expect.usage !== undefined) t.strictSame(result.usage, { cacheRead: 0, cacheWrite: 0, ...expect.usage })
  const ids = result.content.flatMap((one) => (one.type === 'tool_use' ? [one.id] : []))
  t.equal(new Set(ids).size, ids.length, 'ids are unique')
  t.ok(ids.every((id) => /^[a-zA-Z0-9_-]{1,64}$/.test(id)))
}

/** The assistant's message of the next request. */
async function sentBack(raw: Raw, provider: ModelProvider, result: ModelResult): Promise<Record<string, unknown>> {
  const results = result.content.flatMap((one) =>
    one.type === 'tool_use' ? [{ type: 'tool_result' as const, tool_use_id: one.id, content: 'done' }] : [],
  )
  const next: ModelMessage = results.length === 0 ? hello : { role: 'user', content: results }
  raw.next = { body: 'data: {"choices":[{"delta":{"content":"ok"},"finish_reason":"stop"}]}\n\n' }
  await provider.call(request([hello, { role: 'assistant', content: result.content }, next]))
  const sent = raw.bodies.at(-1)?.messages ?? []
  const tools = sent.flatMap((one) => (one['role'] === 'tool' ? [one['tool_call_id']] : []))
  const assistant = sent.find((one) => one['role'] === 'assistant') ?? {}
  t.strictSame(
    tools,
    ((assistant['tool_calls'] ?? []) as { id: string }[]).map(({ id }) => id),
  )
  return assistant
}

for (const { name, quirks } of services) {
  t.test(name, async (t) => {
    const { raw, provider } = await setUp(t)
    for (const quirk of quirks) {
      await t.test(`${quirk.quirk}: ${quirk.what}`, async (t) => {
        raw.next = quirk
        const { expect } = quirk
        if (expect.error !== undefined) {
          const error = await called(provider).then(
            () => t.fail('it is no answer'),
            (problem: unknown) => problem as ModelError,
          )
          const { name, kind, message } = error as ModelError
          t.strictSame([name, kind], ['ModelError', expect.error.kind])
          t.match(message, expect.error.message ?? /./)
          t.notMatch(message, /no body/)
          return
        }
        const { result, shown } = await called(provider)
        checkResult(t, result, shown, expect)
        if (expect.sentBack === undefined && expect.notSentBack === undefined) return
        const sent = await sentBack(raw, provider, result)
        t.hasStrict(sent, expect.sentBack)
        if (expect.notSentBack !== undefined) t.notOk(expect.notSentBack in sent)
      })
    }
  })
}

t.test('wherever the network cuts it, an answer is the same', async (t) => {
  const { raw, provider } = await setUp(t)
  let seed = 7
  const random = (below: number): number => {
    seed = (seed * 48271) % 2147483647
    return seed % below
  }
  for (const { quirks } of services) {
    for (const quirk of quirks) {
      if (quirk.expect.error !== undefined) continue
      for (let run = 0; run < 3; run++) {
        const length = Buffer.byteLength(quirk.body)
        const cuts = Array.from({ length: 1 + random(5) }, () => random(length)).sort((a, b) => a - b)
        raw.next = { ...quirk, cuts }
        const { result, shown } = await called(provider)
        checkResult(t, result, shown, quirk.expect)
      }
    }
  }
})

t.test('what a service sent goes to no other service and no other model', async (t) => {
  const { raw, provider } = await setUp(t)
  for (const { quirks } of services) {
    for (const quirk of quirks) {
      if (quirk.expect.sentBack === undefined) continue
      raw.next = quirk
      const { result } = await called(provider)
      const foreign = { ...result, content: result.content.map((one) => ({ ...one, from: 'other/m' })) } as ModelResult
      const sent = await sentBack(raw, provider, foreign)
      t.strictSame(
        Object.keys(sent).filter((key) => !['role', 'content', 'tool_calls'].includes(key)),
        [],
      )
      for (const call of (sent['tool_calls'] ?? []) as Record<string, unknown>[]) {
        t.strictSame(Object.keys(call).sort(), ['function', 'id', 'type'])
        t.match(call['id'], /^[a-zA-Z0-9]{9}$/)
      }
    }
  }
})

t.test('a page, a redirect and a bare 404 are no model service, and say so', async (t) => {
  const { raw, provider } = await setUp(t)
  for (const [status, body] of [
    [200, '<!doctype html><html><body>Hello</body></html>'],
    [404, '404 page not found'],
    [404, ''],
    [404, '{"detail":"Not Found"}'],
    [404, '<html><body><h1>Not Found</h1></body></html>'],
    [405, '{"detail":"Method Not Allowed"}'],
    [308, ''],
  ] as const) {
    raw.next = { status, body, headers: status === 308 ? { location: 'https://x' } : {} }
    await t.rejects(
      called(provider),
      { name: 'ModelError', kind: 'no_service', message: /models\.api\.baseURL/ },
      `${status} ${body}`,
    )
  }
})

t.test('an answer is not asked for again when only its end is missing', async (t) => {
  const { raw, provider } = await setUp(t, { maxRetries: 2 })
  const whole = 'data: {"choices":[{"delta":{"content":"ok"},"finish_reason":"stop"}]}\n\n'
  for (const body of [whole, `${whole}data: [DO`, `${whole}data: {"usage":`]) {
    raw.next = { body, reset: true }
    const before = raw.bodies.length
    t.equal(textOf((await called(provider)).result), 'ok')
    t.equal(raw.bodies.length, before + 1)
  }
})

t.test('a parameter that a service does not know is left out from then on', async (t) => {
  const { raw, provider } = await setUp(t)
  const sent = (): Record<string, unknown> => raw.bodies.at(-1) as unknown as Record<string, unknown>
  const whole = { body: 'data: {"choices":[{"delta":{"content":"ok"},"finish_reason":"stop"}]}\n\n' }
  for (const [message, gone, instead] of [
    [
      "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
      'max_tokens',
      'max_completion_tokens',
    ],
    ['stream_options: Extra inputs are not permitted', 'stream_options', undefined],
    ['Unrecognized request argument supplied: reasoning_effort', 'reasoning_effort', undefined],
  ] as const) {
    raw.next = { status: 400, body: JSON.stringify({ error: { message, type: 'invalid_request_error' } }) }
    raw.later = whole
    await provider.call({ ...request([hello]), effort: 'low' })
    t.notOk(gone in sent(), gone)
    if (instead !== undefined) t.ok(instead in sent())
  }
  const before = raw.bodies.length
  raw.next = whole
  await provider.call({ ...request([hello]), effort: 'low' })
  t.equal(raw.bodies.length, before + 1, 'it is known by now')
})

t.test('every row of the table is filled', async (t) => {
  const seen = new Set(services.flatMap(({ quirks }) => quirks.map(({ quirk }) => quirk)))
  for (const name of Object.keys(QUIRKS)) t.ok(seen.has(name as Quirk['quirk']), name)
  t.equal(services.length, 15)
})

t.test('docs/compatibility.md says what these tests run', async (t) => {
  const document = readFileSync(new URL('../../../docs/compatibility.md', import.meta.url), 'utf8')
  t.equal(document, withServices(document), 'run scripts/compatibility-doc.mjs')
})
