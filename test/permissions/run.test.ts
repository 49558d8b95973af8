import t from 'tap'
import { runBare } from '../support/bare.ts'

t.test('running commands, in a process no runner has hooked', async (t) => {
  const { code, output, skipped } = await runBare(import.meta.url, './run.bare.js')
  for (const line of skipped) t.comment(line.trim())
  t.equal(
    code,
    0,
    output
      .split('\n')
      .filter((line) => /not ok/.test(line))
      .join('\n') || 'run.bare.js passes',
  )
})
