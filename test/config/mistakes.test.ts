// Mistakes that people make in openclaw.yaml, each with the message it must get: mistakes.txt beside this file. A case is its
// YAML, then after a line `---` what is told, a line a problem: severity code line:column message | hint.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loadPlan } from '../../src/config/load-plan.ts'
import { packageRoot } from '../../src/resources.ts'
import { testdir } from '../support/testdir.ts'
import { registry } from './registry.ts'

const text = readFileSync(join(packageRoot(), 'test/config/mistakes.txt'), 'utf8')
const cases = text.split(/^=== /m).slice(1)
const NOW = Date.parse('2026-12-01T00:00:00Z')

t.ok(cases.length >= 150, `${cases.length} mistakes`)

for (const one of cases) {
  const [name = '', ...lines] = one.split('\n')
  const cut = lines.lastIndexOf('--- told')
  t.test(name, async (t) => {
    const folder = testdir(t, { 'openclaw.yaml': lines.slice(0, cut).join('\n') })
    const { diagnostics } = await loadPlan(join(folder, 'openclaw.yaml'), { registry, env: {}, now: NOW })
    const told = diagnostics
      .filter(({ severity }) => severity !== 'note')
      .map(
        (one) =>
          `${one.severity} ${one.code} ${one.line}:${one.column} ${one.message}${one.hint === undefined ? '' : ` | ${one.hint}`}`,
      )
      .map((line) => line.replaceAll(folder, '<folder>'))
    t.same(
      told,
      lines.slice(cut + 1).filter((line) => line !== ''),
    )
    t.ok(told.length > 0, 'something is told')
  })
}
