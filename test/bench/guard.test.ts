import t from 'tap'
import { runBare } from '../support/bare.ts'

// A runner's hooks load files of their own into each process, which would be counted as ours.
t.test('work that must not creep up, in processes no runner has hooked', async (t) => {
  const { code, output, skipped } = await runBare(import.meta.url, './guard.bare.js')
  for (const line of skipped) t.comment(line.trim())
  t.equal(
    code,
    0,
    output
      .split('\n')
      .filter((line) => /not ok/.test(line))
      .join('\n') || 'guard.bare.js passes',
  )
})
