import t, { type Test } from 'tap'
import { modelTable } from '../../src/models/known-models.ts'
import { type FakeModelListOptions, startFakeModelList } from '../support/fake-model-list.ts'
import { runCli, runCliWith } from '../support/run-cli.ts'
import { testdir } from '../support/testdir.ts'

t.test('the table, for people and for programs, without a configuration', async (t) => {
  const folder = testdir(t)
  const { code, out } = await runCli(folder, 'models')
  t.equal(code, 0)
  for (const { id } of modelTable().models) t.ok(out.includes(`${id} `), id)
  t.match(out, /^claude-haiku-5-5 +anthropic +1M +128k +0\.1 +0\.5 +0\.5\/2\.5 above 100k$/m)
  t.match(out, /^claude-3-opus .* ended 2026-01-05: claude-opus-5-5$/m)
  t.match(out, /as of \d{4}-\d\d-\d\d; USD per million tokens\n$/)
  const json = (await runCli(folder, 'models', '--format', 'json')).json()
  t.equal(json['formatVersion'], 1)
  t.equal(json['date'], modelTable().date)
  const listed = json['models'] as readonly { id: string; status: string }[]
  t.equal(listed.length, modelTable().models.length)
  t.match(
    listed.find(({ id }) => id === 'claude-3-opus'),
    { provider: 'anthropic', contextWindow: 200_000, ends: '2026-01-05', replacement: 'claude-opus-5-5', status: 'ended' },
  )
})

const live = async (t: Test, kind: string, options: FakeModelListOptions) => {
  const api = await startFakeModelList(options)
  t.teardown(() => api.close())
  const key = `apiKey: ${options.apiKey === undefined ? 'none' : '"${KEY}"'}`
  const folder = testdir(t, {
    'openclaw.yaml': `models:
  mine: { provider: ${kind}, baseURL: "${api.url}", maxRetries: 0, ${key} }
  demo: { provider: scripted }
agents: { main: { soul: S, model: mine/x } }
`,
  })
  const ask = (...argv: readonly string[]) => runCliWith({ KEY: 'sk-mine' }, folder, 'models', ...argv)
  return { api, ask }
}

const MODELS = [
  {
    id: 'claude-sonnet-5-5',
    display_name: 'Claude Sonnet 5.5',
    max_input_tokens: 1_000_000,
    max_tokens: 128_000,
    retires_at: null,
  },
  { id: 'claude-old', max_input_tokens: 9_000, max_tokens: 900, retires_at: '2027-02-03T00:00:00Z' },
  { id: 'another' },
]

t.test('what a service offers, over all its pages', async (t) => {
  const { api, ask } = await live(t, 'anthropic', { models: MODELS, pageSize: 2, apiKey: 'sk-mine' })
  const { code, json } = await ask('--live', 'mine', '--format', 'json')
  t.equal(code, 0)
  t.same(json(), {
    formatVersion: 1,
    provider: 'mine',
    models: [
      { id: 'another' },
      { id: 'claude-old', contextWindow: 9_000, maxOutput: 900, ends: '2027-02-03' },
      { id: 'claude-sonnet-5-5', contextWindow: 1_000_000, maxOutput: 128_000 },
    ],
  })
  t.equal(api.requests.length, 2)
  t.match(api.requests[1]?.url, /after_id=claude-old/)
  const { out } = await ask('--live', 'mine')
  t.match(out, /^claude-sonnet-5-5 +1M +128k +2 +10$/m)
  t.match(out, /^claude-old +9k +1k +2027-02-03$/m)
})

t.test('chat completions give theirs at once', async (t) => {
  const { ask } = await live(t, 'openai', {
    models: [
      { id: 'llama3', object: 'model' },
      { id: 'gpt-x', shutdown_date: '2027-01-14' },
    ],
  })
  t.same((await ask('--live', 'mine', '--format', 'json')).json()['models'], [
    { id: 'gpt-x', ends: '2027-01-14' },
    { id: 'llama3' },
  ])
})

t.test('what cannot be asked says why', async (t) => {
  const folder = testdir(t)
  t.equal((await runCli(folder, 'models', '--live', 'anthropic')).code, 66, 'no configuration')
  const { ask } = await live(t, 'anthropic', { models: MODELS, apiKey: 'sk-other' })
  const unknown = await ask('--live', 'mien')
  t.equal(unknown.code, 66)
  t.match(unknown.err, /no model service "mien"; there are mine, demo, anthropic, openai/)
  const scripted = await ask('--live', 'demo')
  t.equal(scripted.code, 1)
  t.match(scripted.err, /has no list/)
  const keyless = await ask('--live', 'openai', '--format', 'json')
  t.equal(keyless.code, 1)
  t.match(keyless.err, /OPENAI_API_KEY/)
  t.match(keyless.json(), { error: { message: /OPENAI_API_KEY/ } })
  const refused = await ask('--live', 'mine')
  t.equal(refused.code, 1)
  t.match(refused.err, /invalid x-api-key/)
  t.notMatch(refused.err, /sk-mine/)
})

t.test('an answer that is no list', async (t) => {
  for (const body of ['<html>', '[]', '{"data":7}', '']) {
    const { ask } = await live(t, 'openai', { models: [], body })
    const { code, err } = await ask('--live', 'mine')
    t.equal(code, 1, body)
    t.match(err, /does not say which models it has/, body)
  }
})

t.test('doctor names models that have ended, and where', async (t) => {
  const folder = testdir(t, {
    'openclaw.yaml': `gateway: { port: 0 }
agents: { main: { soul: S, model: claude-3-opus, fallbacks: [claude-haiku-5-5] } }
`,
  })
  const { out } = await runCli(folder, 'doctor')
  t.match(
    out,
    /warning model anthropic\/claude-3-opus +The model claude-3-opus ended on 2026-01-05\. Name claude-opus-5-5 instead\./,
  )
  t.match(out, /agents\.main\.model/)
  t.notMatch(out, /model anthropic\/claude-haiku-5-5/)
})
