// `claw plan` beside a bot that runs, beside git, and on what was recorded.

import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { startBot } from '../support/bot.ts'
import { runCli } from '../support/run-cli.ts'
import { testdir } from '../support/testdir.ts'

const YAML = `
gateway: { port: 0 }
models: { demo: { provider: scripted } }
defaults: { model: demo }
agents: { main: { soul: S }, scout: { soul: S } }
channels: { http: { allowFrom: [u], groups: { respond: always } } }
routing:
  defaultAgent: main
  rules:
    - { prefix: /s, agentId: scout }
    - { groupId: club, agentId: scout }
`

t.test('beside the bot that runs: what a reload would do, until it did', async (t) => {
  const bot = await startBot(YAML)
  t.teardown(() => bot.stop())
  const plan = async (...more: string[]) => await runCli(bot.folder, 'plan', '--exit-code', ...more)
  const idle = await plan('--format', 'json')
  t.equal(idle.code, 0, idle.err)
  t.strictSame(idle.json(), {
    formatVersion: 1,
    against: 'the running configuration',
    changes: [],
    widened: [],
    restarts: [],
    sessions: [],
    heartbeats: [],
  })
  await bot.save(YAML.replace('main: { soul: S }', 'main: { soul: S, tools: [read_file] }'))
  const changed = await plan('--against', 'running', '--format', 'json')
  t.equal(changed.code, 2)
  t.match(changed.json(), {
    changes: [{ action: 'change', kind: 'agent', id: 'main', fields: ['tools'], file: 'openclaw.yaml', line: 5 }],
    widened: [{ agentId: 'main', what: 'new tool read_file' }],
  })
  t.equal((await runCli(bot.folder, 'plan')).code, 0, 'without --exit-code, differences are no failure')
  t.match(await bot.claw.engine.reload(), { ok: true })
  t.equal((await plan()).code, 0, 'it runs now')
  await bot.save('agents: [')
  t.match(await plan(), { code: 1, out: '', err: /CLAW\d{3}/ })
  t.match(await bot.claw.engine.reload(), { ok: false })
  await bot.save(YAML)
  t.match(await plan(), { code: 2, out: /~ agent main: tools/ }, 'what was refused never ran')
})

t.test('nothing ran here yet: all is new', async (t) => {
  const cwd = testdir(t, { 'openclaw.yaml': YAML })
  const { code, out, json } = await runCli(cwd, 'plan', '--exit-code', '--format', 'json')
  t.equal(code, 2, out)
  const { against, changes, widened } = json() as { against: string; changes: { action: string; kind: string }[]; widened: [] }
  t.match(against, /^nothing/)
  t.ok(changes.every(({ action }) => action === 'add'))
  t.strictSame([...new Set(changes.map(({ kind }) => kind))].sort(), ['agent', 'channel', 'gateway', 'model', 'rule'])
  t.same(widened, [])
})

t.test('what the engine recorded, and what came over a socket', async (t) => {
  const bot = await startBot(YAML)
  t.teardown(() => bot.stop())
  for (const [message, more] of [
    ['/s hello', {}],
    ['hello', {}],
    ['hello all', { group_id: 'club' }],
  ] as const)
    t.equal((await bot.chat('u', message, more)).status, 200)
  const { sessions } = (await runCli(bot.folder, 'sessions', 'list', '--agent', 'scout', '--format', 'json')).json() as {
    sessions: readonly { readonly key: string }[]
  }
  t.equal(sessions.length, 2)
  const recorded = await Promise.all(sessions.map(({ key }) => runCli(bot.folder, 'sessions', 'export', key)))
  const lines = recorded.flatMap(({ out }) => out.split('\n').filter(Boolean))
  writeFileSync(join(bot.folder, 'recorded.jsonl'), lines.join('\n'))
  await bot.save(YAML.replace('prefix: /s', 'prefix: /scout').replace('groupId: club', 'groupId: other'))
  const replay = async (file: string) => {
    const { json, err } = await runCli(bot.folder, 'plan', '--replay', file, '--format', 'json')
    t.equal(err, '')
    return json()['replay'] as {
      messages: number
      skipped: number
      moved: { line: number; message: object; before: object; after: object }[]
    }
  }
  const of = await replay('recorded.jsonl')
  t.equal(of.messages, 2)
  t.equal(of.messages + of.skipped, lines.length, 'answers are no messages')
  const moved = of.moved.map(({ message, before, after }) => ({ message, before, after }))
  const byContent = (content: string) => moved.find(({ message }) => (message as { content: string }).content === content)
  t.strictSame(byContent('/s hello'), {
    message: { channelId: 'http', userId: 'u', content: '/s hello' },
    before: { agentId: 'scout', rule: 0 },
    after: { agentId: 'main', rule: null },
  })
  t.strictSame(byContent('hello all'), {
    message: { channelId: 'http', userId: 'u', groupId: 'club', content: 'hello all' },
    before: { agentId: 'scout', rule: 1 },
    after: { agentId: 'main', rule: null },
  })
  const frame = (content: string, userId = 'u') =>
    JSON.stringify({ type: 'inbound_message', data: { channelId: 'http', userId, content } })
  writeFileSync(join(bot.folder, 'frames.jsonl'), `${frame('hi')}\n${frame('/s hi')}\n\n{"type":"hello","data":{}}\n`)
  const frames = await replay('frames.jsonl')
  t.match(frames, { messages: 2, skipped: 1 })
  t.same(
    frames.moved.map(({ line }) => line),
    [2],
  )
  t.match(
    (await runCli(bot.folder, 'plan', '--replay', 'frames.jsonl')).out,
    /Messages that would go to another agent: 1 of 2\n {2}line 2, http:u: scout → main\n/,
  )
  await bot.save(YAML.replace('allowFrom: [u]', 'allowFrom: [v]'))
  t.match((await replay('frames.jsonl')).moved, [
    { line: 1, before: { agentId: 'main' }, after: { agentId: null, rule: null } },
    {},
  ])
})

t.test('beside a revision of git, with includes and souls', async (t) => {
  const cwd = testdir(t, {
    bot: {
      'openclaw.yaml': 'include: [team/*.yaml]\nagents: { main: { soul: soul.md } }\n',
      'soul.md': 'You are terse.\n',
      team: { 'a.yaml': 'agents: { scout: { soul: S } }\nrouting: { rules: [{ prefix: /s, agentId: scout }] }\n' },
    },
  })
  const folder = join(cwd, 'bot')
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', cwd, '-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], { stdio: 'ignore' })
  git('init', '-q', '-b', 'trunk')
  const before = await runCli(folder, 'plan', '--against', 'git:trunk')
  t.match(before, { code: 64, err: /no revision "trunk"/ })
  git('add', '.')
  git('commit', '-q', '-m', 'first')
  const plan = async (revision: string) =>
    (await runCli(folder, 'plan', '--against', `git:${revision}`, '--format', 'json')).json()
  t.match(await plan('HEAD'), { against: 'revision HEAD', changes: [], widened: [], restarts: [], sessions: [] })
  t.strictSame((await plan('HEAD'))['changes'], [])
  writeFileSync(join(folder, 'soul.md'), 'You are kind.\n')
  writeFileSync(join(folder, 'team/b.yaml'), 'agents: { desk: { soul: S, tools: [bash] } }\n')
  const changes = [
    { action: 'change', kind: 'agent', id: 'main', fields: ['soul'], file: 'openclaw.yaml', line: 2 },
    { action: 'add', kind: 'agent', id: 'desk', fields: [], file: 'team/b.yaml', line: 1 },
  ]
  t.strictSame((await plan('trunk'))['changes'], changes, 'files that git does not know yet count')
  t.match((await plan('trunk'))['widened'], [{ agentId: 'desk', what: 'new agent with tool bash' }])
  git('add', '.')
  git('commit', '-q', '-m', 'second')
  t.strictSame((await plan('HEAD'))['changes'], [])
  t.strictSame((await plan('HEAD~1'))['changes'], changes)
  t.match(await runCli(folder, 'plan', '--against', 'git:HEAD~1', '--exit-code'), { code: 2 })
  for (const wrong of ['nowhere', '--output=x', ''])
    t.match(await runCli(folder, 'plan', '--against', `git:${wrong}`), { code: 64, out: '', err: /no revision/ }, wrong)
  writeFileSync(join(cwd, 'new.yaml'), 'include: [bot/openclaw.yaml]\n')
  t.match(await runCli(cwd, '-c', 'new.yaml', 'plan', '--against', 'git:HEAD'), { code: 66, err: /is not in revision HEAD/ })
  // What it reaches outside its own folder is compared as it was, too.
  mkdirSync(join(cwd, 'shared'))
  writeFileSync(join(cwd, 'shared/soul.md'), 'Once.\n')
  writeFileSync(join(folder, 'openclaw.yaml'), 'agents: { main: { soul: ../shared/soul.md } }\n')
  git('add', '.')
  git('commit', '-q', '-m', 'third')
  writeFileSync(join(cwd, 'shared/soul.md'), 'Now.\n')
  t.match((await plan('HEAD'))['changes'], [{ id: 'main', fields: ['soul'] }])
  // Also where today's file no longer reaches out.
  writeFileSync(join(cwd, 'shared/more.yaml'), 'agents: { scout: { soul: soul.md, tools: [web_search] } }\n')
  writeFileSync(join(folder, 'openclaw.yaml'), 'include: [../shared/*.yaml]\nagents: { main: { soul: Hi } }\n')
  git('add', '.')
  git('commit', '-q', '-m', 'fourth')
  writeFileSync(join(cwd, 'shared/more.yaml'), 'agents: { gone: {} }\n')
  writeFileSync(join(folder, 'openclaw.yaml'), 'agents: { main: { soul: Hi } }\n')
  t.match((await plan('HEAD'))['changes'], [{ action: 'remove', kind: 'agent', id: 'scout' }])
  rmSync(join(cwd, 'shared'), { recursive: true })
  t.match((await plan('HEAD'))['changes'], [{ action: 'remove', kind: 'agent', id: 'scout' }])
})
