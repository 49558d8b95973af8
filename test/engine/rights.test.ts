import fc from 'fast-check'
import t from 'tap'
import type { Verdict } from '../../src/permissions/port.ts'
import { strictest } from '../../src/permissions/strictest.ts'
import { boundedAgent, toolsFor } from '../../src/plan/tool-rights.ts'
import { builtinTools } from '../../src/tools/registry.ts'
import { HEAD, startBot } from '../support/bot.ts'
import { lastUserText } from '../support/fake-messages-api.ts'
import { makePlan } from '../support/make-plan.ts'

const names = builtinTools.map((tool) => tool.name)
const TRAITS = ['runs', 'writes', 'sends', 'spends', 'private'] as const
const traitsOf = (tools: readonly string[]): Set<string> =>
  new Set(
    builtinTools.filter((tool) => tools.includes(tool.name)).flatMap((tool) => TRAITS.filter((trait) => tool.traits?.[trait])),
  )

t.test('no chain of agents gains a kind of right that one above it lacks', async () => {
  fc.assert(
    fc.property(fc.array(fc.subarray(names), { minLength: 2, maxLength: 4 }), (chain) => {
      const ids = chain.map((_, i) => `a${i}`)
      const plan = makePlan({ agents: Object.fromEntries(chain.map((tools, i) => [ids[i] as string, { tools }])) })
      const parents = ids.slice(0, -1)
      const child = plan.agents.get(ids.at(-1) as string)
      if (child === undefined) return false
      const granted = toolsFor(plan, child, parents, builtinTools).map((tool) => tool.name)
      const owns = granted.every((name) => child.tools.includes(name))
      return owns && parents.every((_, i) => [...traitsOf(granted)].every((trait) => traitsOf(chain[i] ?? []).has(trait)))
    }),
  )
})

t.test('a parent that is gone leaves no rights, and reading is one', async (t) => {
  const plan = makePlan({ agents: { child: { tools: ['bash', 'memory_search'] } } })
  const child = plan.agents.get('child')
  if (child === undefined) throw new Error('no child')
  t.strictSame(
    toolsFor(plan, child, ['gone'], builtinTools).map((tool) => tool.name),
    [],
  )
})

t.test('place: the strictest sandbox, hosts all may reach, hosts none may', async (t) => {
  const plan = makePlan({
    agents: {
      boss: { sandbox: 'required', network: ['a.example'], allowHosts: ['*.org'], denyHosts: ['x.org'] },
      child: { sandbox: 'off', network: ['a.example', 'b.example'], allowHosts: ['*.org', '*.com'], denyHosts: ['y.org'] },
    },
  })
  const child = plan.agents.get('child')
  if (child === undefined) throw new Error('no child')
  t.match(boundedAgent(plan, child, ['boss']), { sandbox: 'required', network: ['a.example'], allowHosts: ['*.org'] })
  t.strictSame([...boundedAgent(plan, child, ['boss']).denyHosts].sort(), ['x.org', 'y.org'])
  t.equal(boundedAgent(plan, child, []), child, 'on its own it is itself')
})

t.test('the strictest verdict counts', async (t) => {
  const verdict = (decision: Verdict['decision']): Verdict => ({ decision, reason: decision, by: 'mode' })
  t.equal(strictest([verdict('run'), verdict('ask'), verdict('run')]).decision, 'ask')
  t.equal(strictest([verdict('ask'), verdict('refuse')]).decision, 'refuse')
})

t.test('a helper taken away while a turn runs is not started by it', async (t) => {
  let release: () => void = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const yaml = (helpers: string) => `${HEAD}
routing: { defaultAgent: boss }
agents:
  boss: { soul: BOSS, tools: [sessions_spawn], subagents: [${helpers}] }
  helper: { soul: HELPER }
  other: { soul: OTHER }
`
  const b = await startBot(yaml('helper, other'), {
    api: {
      reply: async (request) => {
        if (JSON.stringify(request.system).includes('HELPER')) return 'I was started'
        const last = lastUserText(request)
        if (last !== 'go') return `told: ${last}`
        await held
        return { toolCalls: [{ name: 'sessions_spawn', input: { agent: 'helper', prompt: 'help' } }] }
      },
    },
  })
  t.teardown(() => b.stop())
  const reply = b.chat('u', 'go')
  while (!b.events.some((event) => event.type === 'turn_start')) await new Promise((resolve) => setTimeout(resolve, 5))
  await b.save(yaml('other'))
  t.equal((await b.claw.engine.reload()).ok, true)
  release()
  t.match((await reply).body.response, /You may not start "helper"\. You may start: other\./)
})
