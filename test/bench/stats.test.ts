import t from 'tap'
import { isBusy, lineOf, type MeasuredPart, markdownOf } from '../../bench/report.ts'
import type { Cell } from '../../bench/result.ts'
import { exponentOf, percentile, summarize } from '../../bench/stats.ts'
import { plotOf } from '../../bench/svg.ts'

t.test('medians, percentiles and exponents', async (t) => {
  t.match(summarize([3, 1, 2]), { median: 2, min: 1, max: 3 })
  t.match(summarize([4, 1, 2, 3]), { median: 2.5 })
  t.equal(percentile([5, 1, 4, 2, 3], 0.5), 3)
  const points = [10, 100, 1_000].map((size) => ({ size, value: 3 * size ** 2 }))
  t.ok(Math.abs((exponentOf(points) ?? 0) - 2) < 1e-9)
  t.equal(exponentOf(points.slice(1)), null)
})

const cell: Cell = { name: 'a thing', unit: 'ms', ours: [10, 12, 11], floor: [5, 6, 5.5], target: { ratio: 2.5 } }
const part = (foreignCores: number): MeasuredPart => ({ name: 'p', about: 'what', seconds: 1, foreignCores, cells: [cell] })

t.test('a ratio is printed only from a quiet machine and the same work', async (t) => {
  t.match(lineOf(cell, false), { ratio: '2.00×', verdict: '≤ 2.5×: met' })
  t.match(lineOf(cell, true), { ratio: 'none: machine busy', verdict: '≤ 2.5×: open' })
  t.match(lineOf({ ...cell, unequal: '5 turns against 4' }, false), { ratio: 'none: 5 turns against 4' })
  t.match(lineOf({ ...cell, target: { ratio: 1.5 } }, false), { verdict: '≤ 1.5×: not met' })
  t.equal(isBusy(part(1)), true)
  t.equal(isBusy(part(0.1)), false)
})

t.test('the table names the machine and says when it was busy', async (t) => {
  const machine = { node: 'v20', cores: 2, cpu: 'x', memoryGb: 4, load: [0, 0, 0], system: 'linux x64' }
  t.match(markdownOf([part(1)], machine, 'abc'), /kept the machine busy[\s\S]*\| a thing \| 11 ms \(10 ms – 12 ms\)/)
  t.notMatch(markdownOf([part(0)], machine, 'abc'), /busy/)
})

t.test('a plot is well-formed and holds its points', async (t) => {
  const points = [10, 100, 1_000].map((size) => ({ size, value: size / 7 }))
  const svg = plotOf({ name: 'Thing', unit: 'ms', over: 'sizes', points })
  t.equal(svg.match(/<circle/g)?.length, 3)
  t.match(svg, /^<svg [\s\S]*exponent 1\.00[\s\S]*<\/svg>\n$/)
  t.notMatch(svg, /NaN|Infinity/)
})
