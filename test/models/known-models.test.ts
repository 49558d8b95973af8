import t from 'tap'
import { DEFAULT_FALLBACK } from '../../src/models/defaults.ts'
import { DAY_MS, endNotice, endOf, knownModel, modelTable } from '../../src/models/known-models.ts'
import { builtinProviders } from '../../src/models/registry.ts'

const { models, date } = modelTable()

t.test('the table is whole', async (t) => {
  t.match(date, /^\d{4}-\d\d-\d\d$/)
  const names = models.flatMap(({ provider, id, snapshots = [] }) => [id, ...snapshots].map((name) => `${provider}/${name}`))
  t.same(
    names.filter((name, i) => names.indexOf(name) !== i),
    [],
    'a name stands for one model',
  )
  for (const model of models) {
    const { id, provider, contextWindow = 200_000, maxOutput = 1, prices, ends, replacement } = model
    t.ok(maxOutput <= contextWindow, `${id}: an answer fits the window`)
    if (ends !== undefined) {
      t.match(ends, /^\d{4}-\d\d-\d\d$/, id)
      t.equal(knownModel(provider, replacement ?? '')?.ends, undefined, `${id}: what takes its place stays`)
      t.not(knownModel(provider, replacement ?? ''), undefined, `${id}: what takes its place is known`)
    } else t.equal(replacement, undefined, id)
    if (prices === undefined) continue
    for (const rates of [prices, ...(prices.tiers ?? [])]) {
      t.ok(rates.input > 0 && rates.output > rates.input && rates.cacheRead < rates.input && rates.cacheWrite >= rates.input, id)
    }
    const sizes = (prices.tiers ?? []).map((tier) => tier.above)
    t.same(
      sizes,
      [...sizes].sort((a, b) => a - b),
      `${id}: tiers by size`,
    )
  }
})

t.test('the defaults are offered, and priced', async (t) => {
  for (const [provider, name] of [
    ...builtinProviders.map(({ type, defaultModel = type }) => [type, defaultModel] as const),
    ['anthropic', DEFAULT_FALLBACK] as const,
  ]) {
    if (provider === 'scripted') continue
    const known = knownModel(provider, name)
    t.equal(known?.ends, undefined, name)
    t.not(known?.prices, undefined, name)
  }
})

t.test('a name, a name with a date, and no other', async (t) => {
  t.equal(knownModel('anthropic', 'claude-sonnet-4-5-20250929')?.id, 'claude-sonnet-4-5')
  t.equal(knownModel('openai', 'gpt-4.1-2025-04-14')?.id, 'gpt-4.1')
  t.equal(knownModel('anthropic', 'claude-sonnet-4-5-mini'), undefined)
  t.equal(knownModel('openai', 'claude-sonnet-4-5'), undefined)
  t.equal(knownModel('anthropic', 'constructor'), undefined)
})

t.test('endOf', async (t) => {
  const model = { id: 'a', provider: 'anthropic', ends: '2026-11-30', replacement: 'b' }
  const last = Date.parse('2026-11-30')
  t.equal(endOf(model, last), 'ended', 'on its last day')
  t.equal(endOf(model, last - 1), 'ending')
  t.equal(endOf(model, last - 60 * DAY_MS), 'ending')
  t.equal(endOf(model, last - 60 * DAY_MS - 1), null)
  t.equal(endOf({ id: 'a', provider: 'anthropic' }, last), null)
  t.same(endNotice(model, 'a-20250101', last), { message: 'The model a-20250101 ended on 2026-11-30.', hint: 'Name b instead.' })
})
