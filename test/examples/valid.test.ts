// The bot that ships and every example: valid without a secret and without a warning, and all that its tests can cover covered.

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { builtinRegistry } from '../../src/builtin.ts'
import { loadPlan } from '../../src/config/load-plan.ts'
import { packageRoot } from '../../src/resources.ts'
import { COVERAGE_KINDS } from '../../src/testing/coverage.ts'
import { runTests } from '../../src/testing/run-tests.ts'

const root = packageRoot()
const ids = (await readdir(join(root, 'examples'))).filter((name) => /^\d\d-/.test(name)).sort()

t.test('they come in learning order', async (t) => {
  const numbers = ids.map((id) => Number(id.slice(0, 2)))
  t.equal(numbers[0], 1)
  t.equal(new Set(numbers).size, numbers.length, 'each number once')
})

for (const file of ['openclaw.yaml', ...ids.map((id) => `examples/${id}/openclaw.yaml`)]) {
  t.test(file, async (t) => {
    const { plan, diagnostics, document } = await loadPlan(join(root, file), { registry: builtinRegistry, env: {} })
    t.same(
      diagnostics.filter((one) => one.severity !== 'note').map((one) => `${one.code} line ${one.line}: ${one.message}`),
      [],
    )
    if (plan === null || document === null) return
    const { results, coverage } = await runTests({ plan, registry: builtinRegistry, places: document })
    t.ok(results.length > 0, 'it has tests')
    for (const { name, ok, failures } of results) t.ok(ok, `${name} ${failures.map((one) => one.message).join('; ')}`)
    const missing = COVERAGE_KINDS.flatMap((kind) => coverage[kind].missing)
    t.same(
      missing.map(({ id, line }) => `${id} line ${line}`),
      [],
      'every rule, agent, limit, grant and heartbeat is tested',
    )
    for (const agent of plan.agents.values()) t.ok(agent.offline, `${agent.id} answers without a key`)
    const text = await readFile(join(root, file), 'utf8')
    t.match(
      text,
      /^# yaml-language-server: \$schema=(\.\.\/\.\.|\.)\/schema\/openclaw\.schema\.json\n#/,
      'editors know the language, and it opens with words',
    )
  })
}
