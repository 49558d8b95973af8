import t, { type Test } from 'tap'
import { callService } from '../../src/models/service.ts'
import { type ProviderSpec, Secret } from '../../src/plan/plan.ts'
import { createFakeClock } from '../support/fake-clock.ts'

const spec: ProviderSpec = {
  id: 'api',
  provider: 'anthropic',
  defaultModel: 'm',
  apiKey: new Secret('none'),
  headers: {},
  timeoutMs: 60_000,
  maxRetries: 6,
  prices: {},
  fingerprint: '1',
  place: { file: 'openclaw.yaml', line: 1, column: 1 },
}

/** When each try was made, in ms after the first, with this much luck. */
async function triesWith(t: Test, luck: number): Promise<readonly number[]> {
  const clock = createFakeClock()
  const start = clock.now()
  const at: number[] = []
  const call = callService<string>({
    spec,
    clock,
    random: { id: () => 'x', number: () => luck },
    signal: new AbortController().signal,
    onRestart: undefined,
    attempt: async (_, began) => {
      at.push(clock.now() - start)
      began()
      throw Object.assign(new Error('cut'), { cause: new Error('ECONNRESET') })
    },
  }).catch((error: unknown) => error)
  await clock.advance(0)
  await clock.advance(50_000)
  t.match(await call, { name: 'ModelError', kind: 'network' })
  return at
}

t.test('new tries after a cut wait twice as long each time, at most eight seconds, and never in step with others', async (t) => {
  const waits = (at: readonly number[]): readonly number[] => at.slice(1).map((ms, i) => ms - (at[i] ?? 0))
  t.same(waits(await triesWith(t, 0)), [500, 1000, 2000, 4000, 8000, 8000])
  t.same(waits(await triesWith(t, 1)), [375, 750, 1500, 3000, 6000, 6000])
})
