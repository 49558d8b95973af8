// Which of the tools an agent names it is offered: the plan, `access` and `route` say the same.

import { join } from 'node:path'
import t, { type Test } from 'tap'
import { builtinRegistry } from '../../src/builtin.ts'
import { loadPlan } from '../../src/config/load-plan.ts'
import { accessOf } from '../../src/plan/access.ts'
import { runCli } from '../support/run-cli.ts'
import { testdir } from '../support/testdir.ts'

const NAMED = 'tools: [bash, write_file, web_search, "memory_*"]'

async function offered(t: Test, more: string, top = ''): Promise<readonly string[]> {
  const folder = testdir(t, {
    'openclaw.yaml': `agents: { main: { soul: S, ${NAMED}${more} } }\nchannels: { http: { allowFrom: [ann] } }\n${top}\n`,
  })
  const { plan, diagnostics } = await loadPlan(join(folder, 'openclaw.yaml'), { registry: builtinRegistry, env: {} })
  if (plan === null) throw new Error(diagnostics.map(({ message }) => message).join('\n'))
  const tools = plan.agents.get('main')?.tools ?? []
  for (const row of accessOf(plan, builtinRegistry)) t.same(row.tools.map(({ name }) => name).sort(), [...tools].sort(), 'access')
  const route = await runCli(folder, 'route', '--channel', 'http', '--user', 'ann', '--text', 'hi', '--format', 'json')
  t.same(route.json()['tools'], tools, 'route')
  return tools
}

t.test('what is denied as a whole', async (t) => {
  t.same(await offered(t, ''), ['bash', 'memory_forget', 'memory_get', 'memory_search', 'write_file'])
  t.same(await offered(t, ', permissions: { deny: ["tool:write_file"] }'), [
    'bash',
    'memory_forget',
    'memory_get',
    'memory_search',
  ])
  t.same(await offered(t, ', permissions: { deny: ["tool:{write,memory}_*", "tool:bash"] }'), [])
  t.same(
    await offered(t, ', permissions: { deny: [write_file] }'),
    ['bash', 'memory_forget', 'memory_get', 'memory_search'],
    'as older files write it',
  )
  t.same(await offered(t, ', permissions: { deny: [bash, "command:write_file"] }'), [
    'bash',
    'memory_forget',
    'memory_get',
    'memory_search',
    'write_file',
  ])
  const common = 'defaults: { permissions: { deny: ["tool:bash"] } }'
  t.same(await offered(t, '', common), ['memory_forget', 'memory_get', 'memory_search', 'write_file'])
})

t.test('what has no settings', async (t) => {
  const search = 'search: { provider: searxng, baseURL: "http://127.0.0.1:1" }'
  t.same(await offered(t, '', search), ['bash', 'memory_forget', 'memory_get', 'memory_search', 'web_search', 'write_file'])
  const folder = testdir(t, { 'openclaw.yaml': 'agents: { main: { soul: S, tools: [web_search] } }' })
  const { code, out } = await runCli(folder, 'validate', '--strict')
  t.equal(code, 0, 'a note fails nothing')
  t.ok(out.includes('note CLAW203: `web_search` is not offered: it needs `search`.'), out)
})
