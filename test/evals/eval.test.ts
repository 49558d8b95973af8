import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { lastUserText, type ReplyFunction, startFakeMessagesApi } from '../support/fake-messages-api.ts'
import { runCliWith } from '../support/run-cli.ts'
import { testdir } from '../support/testdir.ts'

const KEY = 'sk-very-secret-1'

const config = (api: string, soul = 'You are kind.'): string => `models:
  api: { provider: anthropic, baseURL: "${api}", apiKey: "\${KEY}", maxRetries: 0, prices: { "*": { input: 1, output: 1 } } }
agents: { main: { soul: ${soul}, model: api/answers }, other: { soul: x, model: api/answers } }
channels: { http: { allowFrom: [u] } }
routing: { defaultAgent: main }
evalModel: api/judge
evals:
  - name: greeting
    message: { channelId: http, userId: u, content: hello }
    expect: { agentId: main, reply: hello }
    rubric: It is friendly.
    cases: [{ content: hello there }, { name: German, content: hallo hello }]
  - { name: set, message: { channelId: http, userId: u, content: "" }, dataset: set.jsonl }
`
const SET = '{"content":"one","expect":{"reply":"one"}}\n\n{"name":"second","content":"two","expect":{"reply":"three"}}\n'

async function world(t: Test, reply: ReplyFunction) {
  const api = await startFakeMessagesApi({ reply })
  t.teardown(() => api.close())
  const dir = testdir(t, { 'openclaw.yaml': config(api.url), 'set.jsonl': SET })
  return { api, dir, claw: (...args: string[]) => runCliWith({ KEY }, dir, 'eval', ...args) }
}

const verdict = (pass: unknown): { toolCalls: { name: string; input: unknown }[] } => ({
  toolCalls: [{ name: 'verdict', input: { pass, why: pass === true ? 'kind' : 'cold' } }],
})
const friendly: ReplyFunction = (request) =>
  request.model === 'judge'
    ? verdict(true)
    : { text: `You said ${lastUserText(request)} (${KEY})`, usage: { input_tokens: 100, output_tokens: 10 } }

t.test('cases in the file and in a dataset, rubrics by a judge with a forced tool, and what it cost', async (t) => {
  const { api, claw } = await world(t, friendly)
  const { code, json, err } = await claw('--format', 'json', '--repeat', '2')
  t.equal(err, '')
  t.equal(code, 1)
  const report = json() as {
    results: { name: string; ok: boolean; passes: number; interval: { low: number } }[]
    passed: number
    failed: number
    cost: number
    judgeCost: number
  }
  t.strictSame(
    report.results.map(({ name, ok, passes }) => [name, ok, passes]),
    [
      ['greeting: hello there', true, 2],
      ['greeting: German', true, 2],
      ['set: one', true, 2],
      ['set: second', false, 0],
    ],
  )
  t.ok(report.cost > 0 && report.judgeCost > 0)
  t.ok((report.results[0]?.interval.low ?? 1) < 0.5, 'two repeats prove little')
  const asked = api.requests.find(({ body }) => body.model === 'judge')?.body as unknown as { tool_choice: unknown }
  t.strictSame(asked.tool_choice, { type: 'tool', name: 'verdict' })
})

t.test('recorded answers replay offline and byte for byte, without secrets; what does not fit is said', async (t) => {
  const { api, dir, claw } = await world(t, friendly)
  const recorded = await claw('--record', 'tape', '--format', 'json', '--repeat', '2')
  const asked = api.requests.length
  const kept = readdirSync(join(dir, 'tape'))
    .map((name) => readFileSync(join(dir, 'tape', name), 'utf8'))
    .join('')
  t.notOk(kept.includes(KEY))
  const strip = (text: string): string => text.replaceAll(KEY, '***').replaceAll(/"ms": [\d.]+/g, '')
  const replayed = [
    await claw('--replay', 'tape', '--format', 'json', '--repeat', '2'),
    await claw('--replay', 'tape', '--format', 'json', '--repeat', '2'),
  ]
  t.equal(api.requests.length, asked, 'no request was made')
  t.equal(strip(replayed[0]?.out ?? ''), strip(replayed[1]?.out ?? ''))
  t.equal(strip(replayed[0]?.out ?? ''), strip(recorded.out))
  writeFileSync(join(dir, 'openclaw.yaml'), config(api.url, 'You are cold.'))
  const other = await claw('--replay', 'tape')
  t.equal(other.code, 1)
  t.match(other.out, /has no answer to this request of api\/answers\. Record it again\./)
})

t.test('a judge that answers nonsense, bounds, a cost limit in mid-run', async (t) => {
  const { claw, dir, api } = await world(t, (request) => (request.model === 'judge' ? 'well, maybe' : 'hello'))
  const { code, out } = await claw('--filter', 'greeting')
  t.equal(code, 1)
  t.match(out, /rubric: the judge gave no verdict/)
  writeFileSync(
    join(dir, 'openclaw.yaml'),
    config(api.url)
      .replace('    rubric: It is friendly.\n', '    maxTokens: 1\n    maxCost: 0.0000001\n')
      .replace(/ {2}- { name: set.*\n/, ''),
  )
  const bounded = await claw()
  t.match(bounded.out, /maxTokens: at most 1, was \d+/)
  t.match(bounded.out, /maxCost: at most /)
  const stopped = await claw('--max-cost', '0.0000001', '--concurrency', '1')
  t.equal(stopped.code, 1)
  t.match(stopped.out, /stopped: the limit of 1e-7 was reached after 1 of 2 runs/)
  t.equal((await claw('--repeat', 'x')).code, 64)
})

t.test('a changed soul fails its eval, and stands beside the one before', async (t) => {
  const reply: ReplyFunction = (request) => {
    const cold = JSON.stringify(request.system).includes('cold')
    if (request.model === 'judge') return verdict(!JSON.stringify(request.messages).includes('Go away'))
    return cold ? 'Go away, hello' : 'hello, dear'
  }
  const { dir, api, claw } = await world(t, reply)
  writeFileSync(join(dir, 'before.yaml'), config(api.url))
  writeFileSync(join(dir, 'openclaw.yaml'), config(api.url, 'You are cold.'))
  const { code, out } = await claw('--filter', 'greeting', '--against', 'before.yaml')
  t.equal(code, 1)
  t.match(out, /FAIL {2}greeting: hello there\n.*rubric: cold/)
  t.match(
    out,
    /verdict, text changed\n {2}- main, \d+ tokens, [\d.]+: hello, dear\n {2}\+ main, \d+ tokens, [\d.]+: Go away, hello/,
  )
  const page = (await claw('--filter', 'greeting', '--against', 'before.yaml', '--format', 'html')).out
  t.match(page, /^<!doctype html>/)
  t.notMatch(page, /<script|https?:|<link/, 'it needs nothing else')
  t.match((await claw('--filter', 'greeting', '--format', 'junit')).out, /<failure message="rubric: cold">/)
  t.match(
    (await claw('--filter', 'greeting', '--format', 'github')).out,
    /^::error file=openclaw\.yaml,line=\d+,title=greeting%3A hello there::rubric: cold/,
  )
})
