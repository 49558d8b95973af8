// A registry that is passed in is the one every verb asks: a tool and a channel of one's own are known to each.

import { join } from 'node:path'
import t from 'tap'
import { builtinRegistry } from '../../src/builtin.ts'
import { loadPlan } from '../../src/config/load-plan.ts'
import type { Registry } from '../../src/registry.ts'
import { runCli, runMain } from '../support/run-cli.ts'
import { testdir } from '../support/testdir.ts'

const registry: Registry = {
  ...builtinRegistry,
  tools: [
    ...builtinRegistry.tools,
    {
      name: 'roll_dice',
      description: 'Roll a die.',
      inputSchema: { type: 'object' },
      traits: { spends: true },
      run: async () => ({ content: '4' }),
    },
  ],
  channels: [
    ...builtinRegistry.channels,
    {
      type: 'pager',
      traits: {
        groups: false,
        threads: false,
        edits: false,
        buttons: false,
        media: false,
        idempotentSend: false,
        maxChars: 160,
      },
      settings: { required: ['number'], properties: { number: { type: 'string' } } },
      load: async () => {
        throw new Error('No verb but run loads a channel.')
      },
    },
  ],
  providers: [
    ...builtinRegistry.providers,
    {
      type: 'oracle',
      defaultModel: 'delphi',
      environment: { key: 'ORACLE_KEY' },
      load: async () => {
        throw new Error('No verb but run loads a model service.')
      },
    },
  ],
}

const FILE = `models: { wise: { provider: oracle, prices: { "*": { input: 1, output: 2 } } } }
agents: { main: { soul: You are terse., tools: [roll_dice], model: wise, fallbacks: [wise/dodona] } }
channels: { beeper: { type: pager, number: "123", allowFrom: [ann] } }
routing: { defaultAgent: main }
tests:
  - name: the pager reaches it
    message: { channelId: beeper, userId: ann, content: hi }
    expect: { agentId: main, tools: [roll_dice] }
`

t.test('Every verb that asks the file knows what the registry holds', async (t) => {
  const folder = testdir(t, { 'openclaw.yaml': FILE })
  const run = (...argv: readonly string[]) => runMain({ registry }, {}, folder, ...argv)
  for (const argv of [
    ['validate', '--strict'],
    ['plan'],
    ['route', '--channel', 'beeper', '--user', 'ann', '--text', 'hi'],
    ['access'],
    ['permit', '--agent', 'main', '--', 'ls'],
    ['config', 'print', '--resolved'],
    ['test'],
  ]) {
    const { code, out, err } = await run(...argv)
    t.equal(code, 0, `${argv.join(' ')}\n${out}${err}`)
  }
  const access = await run('access', '--format', 'json')
  t.ok(access.out.includes('roll_dice'))
  const { plan } = await loadPlan(join(folder, 'openclaw.yaml'), { registry, env: { ORACLE_KEY: 'k-1' } })
  t.same(plan?.agents.get('main')?.model, { provider: 'wise', model: 'delphi' })
  t.equal(plan?.models.get('wise')?.apiKey?.reveal(), 'k-1', 'the key of the environment goes to the service it belongs to')
})

t.test('What is not in the registry is an error, with its place', async (t) => {
  const folder = testdir(t, { 'openclaw.yaml': FILE })
  const { code, out } = await runCli(folder, 'validate')
  t.equal(code, 1)
  t.ok(out.includes('openclaw.yaml:1:29 error CLAW104: There is no kind of model service "oracle".'), out)
  t.ok(out.includes('openclaw.yaml:2:49 error CLAW203'), out)
  t.ok(out.includes('There is no tool "roll_dice".'), out)
  t.ok(out.includes('"pager"'), out)
})
