import t from 'tap'
import { crash } from '../support/crash.ts'

t.test(
  'killed at random moments under load: nothing lost, nothing answered twice over HTTP, order kept',
  { timeout: 120_000 },
  async (t) => {
    const figures = await crash(t.testdir({}), 20, 60_000)
    t.comment(JSON.stringify({ ...figures, problems: figures.problems.length }))
    t.same(figures.problems.slice(0, 10), [])
    t.ok(figures.kills > 0 && figures.http > 0)
  },
)
