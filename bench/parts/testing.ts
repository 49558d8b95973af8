// `claw test`: how many steps a second its engine plays, for tests of one step and for one long conversation, in this process.

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { builtinRegistry } from '../../src/builtin.ts'
import { loadPlan } from '../../src/config/load-plan.ts'
import { runTests } from '../../src/testing/run-tests.ts'
import { type Part, rounds } from '../result.ts'

const AGENTS = 10
const RULES = 100

const yamlOf = (tests: string): string => `agents:
${Array.from({ length: AGENTS }, (_, n) => `  a${n}: { soul: S, tools: [save_memory] }`).join('\n')}
routing:
  defaultAgent: a0
  rules:
${Array.from({ length: RULES }, (_, n) => `    - { prefix: /p${n}, agentId: a${n % AGENTS} }`).join('\n')}
tests:
${tests}
`

const step = (n: number): string =>
  `message: { channelId: http, userId: u${n % 20}, content: "/p${n % RULES} x" }, expect: { agentId: a${n % AGENTS}, content: x, reply: x }`

/** Steps a second of each of some runs, the first and coldest left out. */
async function stepsPerSecond(file: string, yaml: string, runs: number): Promise<readonly number[]> {
  await writeFile(file, yaml)
  const { plan, document } = await loadPlan(file, { registry: builtinRegistry, env: {} })
  if (plan === null || document === null) throw new Error('the tests of the bench are invalid')
  const figures: number[] = []
  for (let run = 0; run <= runs; run++) {
    const start = performance.now()
    const { results, failed } = await runTests({ plan, registry: builtinRegistry, places: document })
    const seconds = (performance.now() - start) / 1000
    if (failed > 0) throw new Error('a test of the bench failed')
    if (run > 0) figures.push(results.reduce((sum, { steps }) => sum + steps, 0) / seconds)
  }
  return figures
}

export const testing: Part = {
  name: 'testing',
  about: `claw test: steps a second on ${AGENTS} agents and ${RULES} rules, a whole engine for each test`,
  async run(context) {
    const file = join(context.folder, 'openclaw.yaml')
    const [steps, runs] = [rounds(context, 1_000, 2_000), rounds(context, 3, 7)]
    const each = Array.from({ length: steps }, (_, n) => n)
    const tests = each.map((n) => `  - { name: t${n}, ${step(n)} }`).join('\n')
    const conversation = `  - name: long\n    steps:\n${each.map((n) => `      - { ${step(n)} }`).join('\n')}`
    const wanted = { unit: '/s', better: 'more', target: { value: 2_000 } } as const
    return {
      cells: [
        { name: 'claw test, tests of one step', ...wanted, ours: await stepsPerSecond(file, yamlOf(tests), runs) },
        { name: 'claw test, one long conversation', ...wanted, ours: await stepsPerSecond(file, yamlOf(conversation), runs) },
      ],
    }
  },
}
