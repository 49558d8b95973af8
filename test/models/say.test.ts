import t from 'tap'
import { ModelError, type ModelErrorKind } from '../../src/models/port.ts'
import { sayModelError } from '../../src/models/say.ts'
import type { ModelsOf } from '../../src/plan/model-uses.ts'

const ref = (model: string) => ({ provider: 'anthropic', model })
const AGENT = { id: 'main', model: ref('one'), fallbacks: [ref('two')], compaction: {} } as unknown as ModelsOf

const KINDS: readonly ModelErrorKind[] = [
  'credentials',
  'rate_limit',
  'overloaded',
  'server',
  'network',
  'timeout',
  'context',
  'invalid',
  'aborted',
  'no_model',
  'no_service',
]

t.test('every kind has plain words of its own, without the details', async (t) => {
  const sentences = KINDS.map((kind) =>
    sayModelError(new ModelError(kind, '529 {"error": "sk-ant-secret"}', { status: 529 }), AGENT),
  )
  t.equal(new Set(sentences).size, KINDS.length)
  for (const sentence of sentences) {
    t.match(sentence, /^[A-Z].*\.$/)
    t.notMatch(sentence, /sk-ant|529|error|HTTP|API/)
  }
})

t.test('the wait is told', async (t) => {
  const say = (retryAfterMs: number) => sayModelError(new ModelError('rate_limit', 'x', { retryAfterMs }), AGENT)
  t.match(say(1000), /in a moment/)
  t.match(say(30_000), /in 30 seconds/)
  t.match(say(60_000), /in a minute/)
  t.match(say(600_000), /in 10 minutes/)
  t.match(say(86_400_000), /later/)
})

t.test('a model that is gone is named, with the key to change', async (t) => {
  const say = (model: string): string => {
    const error = new ModelError('no_model', '404 not_found_error', { status: 404 })
    error.model = model
    return sayModelError(error, AGENT)
  }
  t.match(say('anthropic/one'), /anthropic\/one is no longer offered.* agents\.main\.model, or under defaults\.model\.$/)
  t.match(say('anthropic/two'), /anthropic\/two is no longer offered.* under agents\.main\.fallbacks\.$/)
})
