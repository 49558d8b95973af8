import t from 'tap'
import { crash } from '../support/crash.ts'
import { FAULTS, type FaultKind } from '../support/faults.ts'
import { testdir } from '../support/testdir.ts'

const SEED = 20_261_130

for (const [kind, { what }] of Object.entries(FAULTS)) {
  t.test(`${what}, now and then: each message gets its one true answer afterwards`, { timeout: 90_000 }, async (t) => {
    const rate = kind === 'network' ? 0.05 : 0.5
    const figures = await crash(testdir(t, {}), 8, 60_000, { fault: { kind: kind as FaultKind, seed: SEED, rate } })
    t.comment(JSON.stringify({ ...figures, problems: figures.problems.length }))
    t.same(figures.problems.slice(0, 10), [])
    t.ok(figures.http > 0 && figures.telegram > 0)
  })
}
