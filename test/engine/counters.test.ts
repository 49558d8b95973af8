import t from 'tap'
import { Counters } from '../../src/engine/counters.ts'

t.test('labels are quoted, so that no name breaks a line', (t) => {
  const counters = new Counters()
  counters.add('claw_x_total', { tool: 'a"b\\c\nd', ok: true })
  t.strictSame([...counters.all], [['claw_x_total{tool="a\\"b\\\\c\\nd",ok="true"}', 1]])
  t.end()
})

t.test('however many names there are, series are bounded and nothing goes uncounted', (t) => {
  const counters = new Counters()
  const calls = 20_000
  for (let call = 0; call < calls; call++) counters.add('claw_x_total', { tool: `tool-${call}`, ok: call % 2 === 0 })
  t.ok(counters.all.size <= 1_002, `${counters.all.size} series`)
  t.equal(
    [...counters.all.values()].reduce((sum, count) => sum + count, 0),
    calls,
  )
  counters.add('claw_x_total', { tool: 'tool-0', ok: true })
  t.equal(counters.all.get('claw_x_total{tool="tool-0",ok="true"}'), 2, 'a known one stays apart')
  t.end()
})
