import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loadPlan } from '../../src/config/load-plan.ts'
import type { ParseCache } from '../../src/config/parse.ts'
import { testdir } from '../support/testdir.ts'
import { brief, errorsOf, loadFolder, loadText } from './helpers.ts'
import { registry } from './registry.ts'

t.test('the smallest file: one agent answers, on http and webchat', async (t) => {
  const { plan, diagnostics } = await loadText(t, 'agents: { main: { soul: You are terse. } }\n')
  t.same(errorsOf(diagnostics), [])
  t.equal(plan?.defaultAgent, 'main')
  t.same([...plan!.channels.keys()], ['http', 'webchat'])
  t.equal(plan?.agents.get('main')?.soul.text, 'You are terse.')
  t.same(plan?.agents.get('main')?.model, { provider: 'anthropic', model: 'claude-sonnet-5-5' })
  t.same(plan?.agents.get('main')?.tools, [])
  t.equal(plan?.gateway.port, 18789)
  t.ok(Object.isFrozen(plan?.agents.get('main')?.permissions))
})

t.test('without routing main answers, or the first; with it nothing is guessed', async (t) => {
  const two = await loadText(t, 'agents: { a: { soul: A }, b: { soul: B } }\n')
  t.equal(two.plan?.defaultAgent, 'a')
  const routed = await loadText(t, 'agents: { a: { soul: A } }\nrouting: { rules: [{ prefix: /x, agentId: a }] }\n')
  t.equal(routed.plan?.defaultAgent, undefined)
})

t.test('the fragments of the seed load in its own words', async (t) => {
  const { plan, diagnostics } = await loadText(
    t,
    `agents:
  "public-bot":
    rateLimit: {
      maxMessagesPerHour: 20,
      maxMessagesPerUser: 5
    }
  personal-agent: {}
  work-agent: {}
  admin-agent: {}
  main-agent: {}
channels: { telegram: { token: "\${T}" }, slack: { botToken: "\${A}", appToken: "\${B}" }, discord: { token: "\${D}" } }
heartbeats:
  - name: morning-check
    schedule: "30 7 * * *" # 7:30 AM daily
    agent: main-agent
    prompt: "Check calendar and summarize today's meetings"
  - name: afternoon-reminder
    schedule: "0 14 * * 1-5" # 2 PM weekdays
    agent: work-agent
    prompt: "Review open tasks and send status update"
routing:
  defaultAgent: personal-agent
  rules:
    # Priority 100 - specific user
    - channelId: telegram
      userId: "mehdi_telegram"
      agentId: personal-agent
    # Priority 90 - work Slack
    - channelId: slack
      groupId: "work_team_channel"
      agentId: work-agent
    - channelId: discord
      groupId: "public_server"
      agentId: public-bot
    - pattern: "^!admin"
      agentId: admin-agent
sessionScope: per-peer
identityLinks:
  - telegram:user123
    discord:user456
  # Same person, sessions merge
`,
  )
  t.same(errorsOf(diagnostics), [])
  t.same(plan?.links[0]?.identities, ['telegram:user123', 'discord:user456'])
  t.equal(plan?.links[0]?.name, 'telegram:user123')
  t.equal(plan?.linkOf.get('discord:user456'), 'telegram:user123')
  t.equal(plan?.agents.get('work-agent')?.sessionScope, 'per-peer')
  t.equal(plan?.rules[3]?.pattern, '^!admin')
  t.equal(plan?.rules[1]?.place.line, 29)
  t.same(plan?.agents.get('public-bot')?.rateLimit, { maxMessagesPerHour: 20, maxMessagesPerUser: 5 })
})

t.test('ids keep the text they were written as', async (t) => {
  const { plan, diagnostics } = await loadText(
    t,
    `agents: { main: { soul: x, permissions: { approvers: [telegram:0123] } } }
owners: [telegram:123456789012345678901]
channels:
  telegram: { token: "\${T}", allowFrom: [123456789012345678901, +491701234567, 0123, true], groups: { allow: [-1001234567890123456] } }
routing:
  defaultAgent: main
  rules:
    - { userId: 123456789012345678901, agentId: main }
    - { userId: [+49170, 0x1F, 1.50], groupId: 007, agentId: main }
`,
  )
  t.same(errorsOf(diagnostics), [])
  t.same(plan?.rules[0]?.userId, ['123456789012345678901'])
  t.same(plan?.rules[1]?.userId, ['+49170', '0x1F', '1.50'])
  t.same(plan?.rules[1]?.groupId, ['007'])
  const channel = plan?.channels.get('telegram')
  t.same(channel?.allowFrom, ['telegram:123456789012345678901', 'telegram:+491701234567', 'telegram:0123', 'telegram:true'])
  t.same(channel?.groups.allow, ['-1001234567890123456'])
  t.same(plan?.agents.get('main')?.permissions.approvers, ['telegram:0123'])
})

t.test('models: providers, aliases, bare names', async (t) => {
  const { plan, diagnostics } = await loadText(
    t,
    `models:
  local: { provider: openai, baseURL: "http://127.0.0.1:1/v1", apiKey: none, model: llama3 }
  demo: { provider: scripted }
defaults: { model: local, tools: ["memory_*"], permissions: { mode: record, allow: [git status] } }
agents:
  a: { soul: A, fallbacks: [local/other/name, claude-haiku-5-5], offline: demo, permissions: { mode: ask } }
  b: { soul: B, model: openai/gpt-x, tools: [] }
`,
    { ANTHROPIC_API_KEY: 'sk-secret' },
  )
  t.same(errorsOf(diagnostics), [])
  const a = plan?.agents.get('a')
  t.same(a?.model, { provider: 'local', model: 'llama3' })
  t.same(a?.fallbacks, [
    { provider: 'local', model: 'other/name' },
    { provider: 'anthropic', model: 'claude-haiku-5-5' },
  ])
  t.same(a?.permissions.mode, 'ask')
  t.same(a?.permissions.allow, ['git status'])
  t.same(a?.tools, ['memory_search'])
  t.same(plan?.agents.get('b')?.tools, [])
  t.equal(plan?.models.get('anthropic')?.apiKey?.reveal(), 'sk-secret')
  t.equal(plan?.models.get('openai')?.apiKey, undefined)
})

t.test('prices: what is not written follows from the input', async (t) => {
  const { plan } = await loadText(
    t,
    'agents: { main: { soul: x } }\nmodels: { a: { provider: anthropic, prices: { m: { input: 3, output: 15 }, n: { input: 3, output: 15, cacheRead: 1, cacheWrite: 2 } } } }\n',
  )
  t.same(plan?.models.get('a')?.prices, {
    m: { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 },
    n: { input: 3, output: 15, cacheRead: 1, cacheWrite: 2 },
  })
})

t.test('souls, scripts and skills are loaded and watched', async (t) => {
  const files = {
    'openclaw.yaml': 'agents: { main: { soul: souls/main.md, skills: [github] } }\n',
    souls: { 'main.md': 'Be kind.\n' },
    'skills/github': {},
  }
  const folder = testdir(t, {
    ...files,
    skills: { github: { 'SKILL.md': 'Use issues.', 'skill.json': '{"description":"Issues.","tools":["web_fetch"]}' } },
  })
  const load = () => loadPlan(join(folder, 'openclaw.yaml'), { registry, env: {} })
  const first = await load()
  const main = first.plan?.agents.get('main')
  t.equal(main?.soul.text, 'Be kind.\n')
  t.same(main?.tools, [], 'a skill grants itself nothing')
  t.match(main?.skills, [{ name: 'github', description: 'Issues.', text: 'Use issues.', folder: join(folder, 'skills/github') }])
  for (const name of ['souls/main.md', 'skills/github/SKILL.md', 'skills/github/skill.json'])
    t.ok(first.sources.includes(join(folder, name)), name)
  writeFileSync(join(folder, 'souls/main.md'), 'Be kinder.\n')
  const second = await load()
  t.not(second.plan?.agents.get('main')?.fingerprint, main?.fingerprint)
  t.equal(second.plan?.configHash, first.plan?.configHash, 'the configuration itself is the same')

  writeFileSync(join(folder, 'skills/github/skill.json'), '{"name": 7}')
  const broken = await load()
  t.same(brief(broken.diagnostics), ['CLAW003 1:49'])
  t.match(broken.diagnostics[0]?.message, /skill\.json has a `name` that is no text/)
  rmSync(join(folder, 'souls/main.md'))
  const missing = await load()
  t.same(brief(missing.diagnostics), ['CLAW003 1:25', 'CLAW003 1:49'])
  for (const name of ['souls/main.md', 'skills/github/skill.json'])
    t.ok(missing.sources.includes(join(folder, name)), `${name} is waited for`)
})

t.test('a script is checked, at its place in its own file', async (t) => {
  const text = 'models: { demo: { provider: scripted, script: sub/demo.yaml } }\nagents: { main: { model: demo } }\n'
  const { plan, diagnostics, folder } = await loadFolder(t, {
    'openclaw.yaml': text,
    sub: { 'demo.yaml': 'replies:\n  - { mach: hello, text: Hi }\n  - { match: "(", text: Hi }\n  - text: [1]\n' },
  })
  t.equal(plan, null)
  t.same(brief(diagnostics), ['CLAW317 2:7', 'CLAW317 3:14', 'CLAW317 4:11'])
  t.match(diagnostics[0], { file: join(folder, 'sub/demo.yaml'), path: '/models/demo/script', message: /no key `mach`/ })
  const fine = await loadFolder(t, { 'openclaw.yaml': text, sub: { 'demo.yaml': 'replies: [Hi]\n' } })
  t.ok(fine.plan)
})

t.test('the hash of several files tells where one ends', async (t) => {
  const of = async (first: string, second: string): Promise<string> =>
    (await loadFolder(t, { 'openclaw.yaml': `include: [a.yaml, b.yaml]\n`, 'a.yaml': first, 'b.yaml': second })).fileHash
  const line = 'agents: { main: { soul: x } }\n'
  t.not(await of(line, '# b\n'), await of('', `${line}# b\n`))
  t.equal(await of(line, '# b\n'), await of(line, '# b\n'))
})

t.test('fingerprints follow meaning, not form', async (t) => {
  const a = await loadText(t, 'agents:\n  main: { soul: x, maxTurns: 20 }\n')
  const b = await loadText(t, '# a comment\nagents:\n  main:\n    maxTurns: 20   # moved\n    soul: x\n')
  t.equal(a.plan?.fingerprint, b.plan?.fingerprint)
  t.not(a.fileHash, b.fileHash)
  const c = await loadText(t, 'agents:\n  main: { soul: x, maxTurns: 21 }\n')
  t.not(a.plan?.fingerprint, c.plan?.fingerprint)
})

t.test('a cache keeps files whose bytes are the same', async (t) => {
  const folder = testdir(t, {
    'openclaw.yaml': 'include: [a.yaml]\nagents: { main: { soul: x } }\n',
    'a.yaml': 'owners: ["telegram:1"]\n',
  })
  const cache: ParseCache = new Map()
  const file = join(folder, 'openclaw.yaml')
  await loadPlan(file, { registry, env: {}, cache })
  const kept = cache.get(join(folder, 'a.yaml'))
  writeFileSync(file, 'include: [a.yaml]\nagents: { main: { soul: y } }\n')
  const again = await loadPlan(file, { registry, env: {}, cache })
  t.equal(cache.get(join(folder, 'a.yaml')), kept)
  t.equal(again.plan?.agents.get('main')?.soul.text, 'y')
})

t.test('a word in allowFrom that is nearly a link', async (t) => {
  const text =
    'agents: { main: { soul: x } }\nidentityLinks: { mehdi: ["http:1"] }\nchannels: { http: { allowFrom: [mehdy, mehdi, 123] } }\n'
  const { plan, diagnostics } = await loadText(t, text)
  t.same(brief(diagnostics), ['CLAW205 3:33'])
  t.same(plan?.channels.get('http')?.allowFrom, ['http:mehdy', 'http:1', 'http:123'])
})

t.test('files that are not there are told with all other mistakes', async (t) => {
  const text =
    'agents: { main: { soul: no.md, skills: [no], modle: x } }\n' +
    'models: { demo: { provider: scripted, script: no.yaml } }\n' +
    'channels: { telegram: { token: { file: no.txt } } }\n'
  const { diagnostics } = await loadText(t, text)
  t.same(brief(diagnostics), ['CLAW003 1:25', 'CLAW207 1:41', 'CLAW101 1:46', 'CLAW003 2:47', 'CLAW009 3:40'])
})

t.test('what only the whole tells stands where it was written, key or value from end to end', async (t) => {
  const text =
    'agents: { a: { soul: x, tools: [write_file] }, lost: { soul: y } }\nchannels: { http: {} }\nrouting:\n  rules:\n' +
    '    - { pattern: "a*", agentId: a }\n    - { channelId: http, agentId: a }\n    - agentId: a\n      channelId: http\n'
  const { diagnostics } = await loadText(t, text)
  t.same(
    diagnostics.map(({ code, line, column, endLine, endColumn }) => [code, line, column, endLine, endColumn]),
    [
      ['CLAW308', 1, 48, 1, 52],
      ['CLAW402', 2, 13, 2, 17],
      ['CLAW311', 5, 18, 5, 22],
      ['CLAW307', 7, 7, 7, 17],
    ],
  )
})

t.test('a key that stands twice is told by where it stands in the whole, too', async (t) => {
  const { diagnostics } = await loadText(
    t,
    'agents: { a: { soul: x, soul: y } }\nheartbeats: [{ name: h, name: i }]\nagents: 1\n',
  )
  t.same(
    diagnostics.filter(({ code }) => code === 'CLAW002').map(({ line, column, path }) => [line, column, path]),
    [
      [1, 25, '/agents/a/soul'],
      [2, 25, '/heartbeats/0/name'],
      [3, 1, '/agents'],
    ],
  )
})

t.test('a link without a name would be nobody’s session', async (t) => {
  const { diagnostics } = await loadText(t, 'agents: { a: { soul: x } }\nidentityLinks: { "": "http:1" }\n')
  t.match(errorsOf(diagnostics), [{ code: 'CLAW106', line: 2, column: 18, path: '/identityLinks/' }])
})

t.test('a section with nothing below it is as if it were not there; an empty one is empty', async (t) => {
  const sections = ['channels', 'routing', 'owners', 'identityLinks', 'search', 'gateway', 'models', 'tests', 'defaults']
  const text = 'agents: { main: { soul: x } }\n'
  const { plan, diagnostics } = await loadText(t, `${text}${sections.map((name) => `${name}:\n`).join('')}`)
  t.same(errorsOf(diagnostics), [])
  t.equal(plan?.defaultAgent, 'main')
  t.same([...plan!.channels.keys()], ['http', 'webchat'])
  const empty = await loadText(t, `${text}channels: {}\nrouting: {}\n`)
  t.equal(empty.plan?.defaultAgent, undefined)
  t.same([...empty.plan!.channels.keys()], [])
  const nobody = await loadText(t, `${text}channels:\n  http:\n    allowFrom:\n`)
  t.same(nobody.plan?.channels.get('http')?.allowFrom, [], 'who is let in is never everyone by a slip')
})
