import t, { type Test } from 'tap'
import { modelTable } from '../../src/models/known-models.ts'
import { brief, errorsOf, loadFolder, loadText } from './helpers.ts'
import { language } from './language.ts'

const at = (t: Test, text: string, day: string) =>
  loadFolder(t, { 'openclaw.yaml': text }, { now: Date.parse(`${day}T12:00:00Z`) })

t.test('without a word about it, a model that is offered today', async (t) => {
  const { plan, diagnostics } = await loadText(t, 'agents: { main: { soul: x }, other: { soul: x, model: openai } }\n')
  t.same(errorsOf(diagnostics), [])
  t.same(plan?.agents.get('main')?.model, { provider: 'anthropic', model: 'claude-sonnet-5-5' })
  t.equal(plan?.agents.get('other')?.model.provider, 'openai')
  t.notOk(diagnostics.some(({ code }) => code === 'CLAW318' || code === 'CLAW319'))
})

t.test('a model that has ended, or ends soon, is told wherever it is named', async (t) => {
  const text = `models:
  mine: { provider: anthropic, model: claude-sonnet-4-5 }
defaults: { model: claude-sonnet-4-5 }
agents:
  main:
    soul: x
    fallbacks: [claude-haiku-5-5, claude-sonnet-4-5-20250929]
    compaction: { model: anthropic/claude-sonnet-4-5 }
  other: { soul: x, model: mine, offline: mine/claude-sonnet-4-5 }
routing: { defaultAgent: main, rules: [{ prefix: /o, agentId: other }] }
`
  const places = ['CLAW318 2:39', 'CLAW318 3:20', 'CLAW318 7:35', 'CLAW318 8:26', 'CLAW318 9:43']
  for (const [day, message] of [
    ['2026-11-30', 'ended on 2026-11-30.'],
    ['2027-05-01', 'ended on 2026-11-30.'],
    ['2026-10-02', 'ends on 2026-11-30, within 60 days.'],
  ] as const) {
    const { diagnostics, plan } = await at(t, text, day)
    t.not(plan, null, 'it is a warning')
    const told = diagnostics.filter(({ code }) => code === 'CLAW318')
    t.same(brief(told), places, day)
    for (const { message: said, hint } of told) {
      t.ok(said.endsWith(message), said)
      t.equal(hint, 'Name claude-sonnet-5-5 instead.')
    }
  }
  const { diagnostics } = await at(t, text, '2026-09-30')
  t.same(
    brief(diagnostics).filter((one) => one.startsWith('CLAW318')),
    [],
  )
})

t.test('every model of the table that ends is warned of, and no other', async (t) => {
  const now = Date.parse('2026-11-30T12:00:00Z')
  for (const { id, provider, ends } of modelTable().models) {
    const text = `agents: { main: { soul: x, model: ${provider}/${id} } }\n`
    const { diagnostics } = await loadFolder(t, { 'openclaw.yaml': text }, { now })
    const codes = diagnostics.map(({ code }) => code).filter((code) => code === 'CLAW318' || code === 'CLAW319')
    t.same(codes, ends !== undefined && Date.parse(ends) - now < 60 * 86_400_000 ? ['CLAW318'] : [], id)
  }
})

/** Every way to get one character wrong: left out, doubled, two swapped. */
const slips = (name: string): readonly string[] =>
  [...name].flatMap((letter, i) => [
    name.slice(0, i) + name.slice(i + 1),
    name.slice(0, i) + letter + name.slice(i),
    name.slice(0, i) + (name[i + 1] ?? '') + letter + name.slice(i + 2),
  ])

t.test('a slip in a name is told; a version that is not known yet is not', async (t) => {
  for (const name of ['claude-sonet-4-5', 'claude-sonnet5-5', 'claud-haiku-5-5', 'openai/gtp-6.2-sol', 'Claude-Sonnet-5-5']) {
    const { diagnostics, plan } = await loadText(t, `agents: { main: { soul: x, model: ${name} } }\n`)
    t.not(plan, null)
    const told = diagnostics.find(({ code }) => code === 'CLAW319')
    t.match(told?.hint, /^Did you mean "/, name)
    t.equal(told?.column, 35, name)
  }
  for (const name of [
    'claude-sonnet-6',
    'claude-opus-5-6',
    'openai/gpt-7-sol',
    'claude-sonnet-5-5-20261001',
    'claude-parrot-1',
  ]) {
    const { diagnostics } = await loadText(t, `agents: { main: { soul: x, model: ${name} } }\n`)
    t.notOk(
      diagnostics.some(({ code }) => code === 'CLAW319'),
      name,
    )
  }
  const known = new Set(modelTable().models.map(({ id }) => id))
  const digits = (name: string): string => name.replace(/\D/g, '')
  const wrong = slips('claude-sonnet-5-5').filter((name) => !known.has(name) && digits(name) === '55')
  const lines = wrong.map((name, i) => `  a${i}: { soul: x, model: "anthropic/${name}" }`)
  const text = `agents:\n${lines.join('\n')}\nrouting: { defaultAgent: a0 }\n`
  const { diagnostics } = await loadText(t, text)
  t.equal(diagnostics.filter(({ code }) => code === 'CLAW319').length, wrong.length)
})

t.test('a server of one’s own may have models of any name', async (t) => {
  const text = `models: { local: { provider: openai, baseURL: "http://127.0.0.1:1/v1", apiKey: none } }
agents: { main: { soul: x, model: local/gpt-4.1x } }
`
  const { diagnostics } = await loadText(t, text)
  t.notOk(diagnostics.some(({ code }) => code === 'CLAW319'))
})

t.test('the window and the longest answer follow from the model', async (t) => {
  const text = `models: { local: { provider: openai, baseURL: "http://127.0.0.1:1/v1", apiKey: none } }
agents:
  a: { soul: x }
  b: { soul: x, model: claude-opus-4-5-20251101 }
  c: { soul: x, model: claude-opus-4-5, maxTokens: 900, compaction: { contextWindow: 5000 } }
  d: { soul: x, model: local/llama3 }
  e: { soul: x, model: openai/gpt-4-turbo }
routing: { defaultAgent: a }
`
  const { plan } = await loadText(t, text)
  const of = (id: string) => {
    const agent = plan?.agents.get(id)
    return [agent?.compaction.contextWindow, agent?.maxTokens]
  }
  t.same(of('a'), [1_000_000, 16_000])
  t.same(of('b'), [200_000, 16_000])
  t.same(of('c'), [5_000, 900], 'what is written wins')
  t.same(of('d'), [200_000, 16_000], 'a model that is not known')
  t.same(of('e'), [128_000, 4_096], 'its longest answer is shorter')
})

t.test('a limit in money wants the price of every model it pays for', async (t) => {
  const head = 'models: { local: { provider: openai, baseURL: "http://127.0.0.1:1/v1", apiKey: none } }\n'
  const priced = head.replace('apiKey', 'prices: { llama3: { input: 1, output: 2 } }, apiKey')
  const any = head.replace('apiKey', 'prices: { "*": { input: 0, output: 0 } }, apiKey')
  const agent = (rest: string): string => `agents: { main: { soul: x, ${rest} } }\n`
  const CAP = 'rateLimit: { maxCostPerDay: 2 }'
  for (const [text, expected] of [
    [agent(CAP), []],
    [agent(`model: claude-sonnet-4-5-20250929, ${CAP}`), []],
    [head + agent(`model: local/llama3, ${CAP}`), ['CLAW320 2:77']],
    [head + agent('model: local/llama3, rateLimit: { maxTokensPerDay: 2 }'), []],
    [head + agent(`fallbacks: [claude-haiku-5-5, local/llama3], ${CAP}`), ['CLAW320 2:101']],
    [head + agent(`compaction: { model: local/llama3 }, ${CAP}`), ['CLAW320 2:93']],
    [priced + agent(`model: local/llama3, ${CAP}`), []],
    [priced + agent(`model: local/llama3-70b, ${CAP}`), ['CLAW320 2:81']],
    [any + agent(`model: local/whatever, ${CAP}`), []],
    [agent(`model: claude-parrot-1, ${CAP}`), ['CLAW320 1:80']],
    [
      `${head}defaults: { model: local/llama3, rateLimit: { maxCostPerDay: 2, maxCostPerMonth: 9 } }\nagents: { a: { soul: x }, b: { soul: x }, c: { soul: x, model: claude-haiku-5-5 } }\nrouting: { defaultAgent: a }\n`,
      ['CLAW320 2:62', 'CLAW320 2:82'],
    ],
  ] as const) {
    const { diagnostics, plan } = await loadText(t, text)
    t.same(brief(errorsOf(diagnostics)), expected, text)
    t.equal(plan === null, expected.length > 0)
  }
  const { diagnostics } = await loadText(t, head + agent(`model: local/llama3, ${CAP}`))
  const [problem] = errorsOf(diagnostics)
  t.equal(problem?.message, 'maxCostPerDay is a limit in money, but local/llama3 has no price.')
  t.match(problem?.hint, /models\.local\.prices/)
  t.equal(problem?.path, '/agents/main/rateLimit/maxCostPerDay')
})

t.test('what is more than a model has is told, at the key that asks for it', async (t) => {
  const text = `defaults: { effort: xhigh, maxTokens: 100000 }
agents:
  a: { soul: x }
  b: { soul: x, model: claude-haiku-4-5 }
  c: { soul: x, model: claude-haiku-4-5, compaction: { contextWindow: 1000000 } }
  d: { soul: x, model: claude-sonnet-4-6, maxTokens: 5 }
  e: { soul: x, model: claude-parrot-1, compaction: { contextWindow: 1000000 } }
routing: { defaultAgent: a }
`
  const { diagnostics, plan } = await loadText(t, text)
  t.not(plan, null)
  const told = diagnostics.filter(({ code }) => code === 'CLAW325')
  t.same(
    told.map(({ severity, line, message }) => `${severity} ${line} ${message}`),
    [
      'note 1 The model claude-haiku-4-5 has no effort xhigh.',
      'note 1 The model claude-sonnet-4-6 has no effort xhigh.',
      'note 1 The longest answer of claude-haiku-4-5 is 64000 tokens.',
      'warning 5 The model claude-haiku-4-5 reads 200000 tokens: longer requests fail.',
    ],
  )
  t.match(told[1]?.hint, /It has low, medium, high, max\./)
})

t.test('the schema tells people the defaults that the plan has', async (t) => {
  const { plan } = await loadText(t, 'agents: { main: { soul: x } }\n')
  const main = plan?.agents.get('main') as unknown as Readonly<Record<string, unknown>>
  const shown = Object.entries(language.definitions?.['agent']?.properties ?? {}).flatMap(([key, node]) =>
    typeof node.default === 'string' || typeof node.default === 'number' || typeof node.default === 'boolean'
      ? [[key, node.default] as const]
      : [],
  )
  t.ok(shown.length > 5)
  for (const [key, value] of shown) {
    const ref = main[key] as { model?: string } | undefined
    t.equal(key === 'model' ? ref?.model : main[key], value, key)
  }
})
