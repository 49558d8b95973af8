import t from 'tap'
import { crash } from '../support/crash.ts'
import { testdir } from '../support/testdir.ts'

t.test(
  'killed at random moments under load: nothing lost, nothing answered or run twice, order kept, and a repeat says so',
  { timeout: 150_000 },
  async (t) => {
    const figures = await crash(testdir(t, {}), 50, 100_000)
    t.comment(JSON.stringify({ ...figures, problems: figures.problems.length }))
    t.same(figures.problems.slice(0, 10), [])
    t.ok(figures.kills > 0 && figures.early > 0, 'killed, also while starting')
    t.ok(figures.http > 0 && figures.telegram > 0 && figures.commands > 0 && figures.heartbeats > 0, 'under load of every kind')
  },
)

t.test('killed while replies grow in place: each is finished there, or the new one says that it may be a repeat', async (t) => {
  const figures = await crash(testdir(t, {}), 12, 60_000, { grows: true })
  t.comment(JSON.stringify({ ...figures, problems: figures.problems.length }))
  t.same(figures.problems.slice(0, 10), [])
  t.ok(figures.kills > 0 && figures.telegram > 0)
})
