import { existsSync, readdirSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import t from 'tap'
import { builtinRegistry } from '../../src/builtin.ts'
import { createFakeTelegram } from '../../src/channels/telegram/fake/server.ts'
import { engineFiles } from '../../src/permissions/engine-files.ts'
import { usePlace, useProblem } from '../../src/permissions/operands.ts'
import { createPathGate } from '../../src/permissions/paths.ts'
import { judgeTool } from '../../src/permissions/policy.ts'
import { HEAD, startBot } from '../support/bot.ts'
import type { FakeReply, MessagesRequest } from '../support/fake-messages-api.ts'
import { testdir } from '../support/testdir.ts'

// The state folder of an engine that has used every store, held against the gate: what lies there is listed, not known by name.

const STATE = '.openclaw'

/** One call, then what it was told. */
const calls =
  (...wanted: readonly { name: string; input: object }[]) =>
  (request: MessagesRequest): FakeReply | string => {
    const last = JSON.stringify(request.messages.at(-1)?.content)
    const next = wanted.find((_, index) => last.includes(`do ${index}`))
    return next === undefined || last.includes('tool_result') ? `told: ${last}` : { toolCalls: [next] }
  }

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)],
  )

t.test('everything in a used state folder is the engine’s', async (t) => {
  const telegram = await createFakeTelegram()
  const folder = testdir(t, {
    'SOUL.md': 'You are S.',
    '.env': 'A=1',
    skills: { s: { 'SKILL.md': '---\nname: s\ndescription: d\n---\n' } },
  })
  const yaml = `${HEAD}
owners: ["webchat:boss"]
agents:
  main:
    soul: SOUL.md
    workspace: .
    sandbox: "off"
    tools: [bash, read_file, write_file, save_memory]
    permissions: { approvalWait: 5s }
channels: { http: {}, webchat: {}, telegram: { token: "${telegram.token}", apiRoot: "${telegram.url}" } }
`
  const reply = calls(
    { name: 'save_memory', input: { key: 'a', content: 'b' } },
    { name: 'bash', input: { command: 'mkdir -p out' } },
    { name: 'write_file', input: { path: `${STATE}/halts.json`, content: '{}' } },
    { name: 'write_file', input: { path: 'openclaw.yaml', content: '' } },
    { name: 'read_file', input: { path: `${STATE}/gateway.json` } },
    { name: 'write_file', input: { path: 'notes.txt', content: 'mine' } },
  )
  const b = await startBot(yaml, { folder, api: { reply } })
  t.teardown(async () => {
    await b.stop()
    await telegram.stop()
  })
  t.match((await b.chat('u', 'do 0')).body.response, /told/)
  const asking = b.chat('u', 'do 1')
  while ((await b.claw.engine.approvals()).length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  const [asked] = await b.claw.engine.approvals()
  t.match(await b.claw.engine.decide(asked?.id ?? '', 'always', { caller: { kind: 'owner' } }), { ok: true })
  await asking
  await b.claw.engine.halt('main', 'the test')
  await b.claw.engine.resume('main', 'the test')

  const used = filesBelow(join(folder, STATE))
  const names = new Set(used.map((path) => relative(join(folder, STATE), path).split('/')[0]))
  for (const name of [
    'agents',
    'memory',
    'audit.jsonl',
    'engine.lock',
    'engine.pid',
    'exec-approvals.json',
    'gateway.json',
    'halts.json',
    'last-good',
    'state.db',
  ])
    t.ok(names.has(name), `${name} was made`)

  const { plan } = b.claw.engine
  const bash = builtinRegistry.tools.find((tool) => tool.name === 'bash')
  if (bash === undefined) throw new Error('no bash')
  const agent = plan.agents.get('main')
  if (agent === undefined) throw new Error('no agent')
  const protectedPaths = engineFiles(plan)
  const gate = createPathGate({ roots: agent.workspace, protectedPaths })
  const place = usePlace({ cwd: folder, roots: agent.workspace, protectedPaths })
  const others = ['openclaw.yaml', '.env', 'SOUL.md', 'skills/s/SKILL.md', 'skills/new/SKILL.md', `${STATE}/not/there/yet`].map(
    (name) => join(folder, name),
  )
  const before = new Map(
    await Promise.all([...used, ...others].filter(existsSync).map(async (path) => [path, await readFile(path)] as const)),
  )
  for (const path of [...used, ...others]) {
    const name = relative(folder, path)
    await t.rejects(gate.writeText(name, 'x'), /engine|protected name|percent codes|never written/, `write_file ${name}`)
    await t.rejects(gate.readText(name), /engine|protected name|percent codes|no such file/, `read_file ${name}`)
    t.match(useProblem({ path: name, use: 'write' }, place), { kind: 'engine' }, `written by a command: ${name}`)
    t.match(useProblem({ path: `./out/../${name}`, use: 'read' }, place), { kind: 'engine' }, `read by a command: ${name}`)
  }
  for (const name of [STATE, '.', '..', folder, `${STATE}/agents`])
    t.match(useProblem({ path: name, use: 'write', deep: true }, place), { kind: 'engine' }, `moved or removed: ${name}`)
  for (const command of [`rm -rf ${STATE}`, `cp x ${STATE}/halts.json`, `mv ${STATE}/engine.lock y`, `cat ${STATE}/gateway.json`])
    t.match(
      judgeTool({
        tool: bash,
        input: { command },
        agent: { ...agent, permissions: { ...agent.permissions, allow: ['rm *', 'cp *', 'mv *', 'cat *'] } },
        remembered: { allowed: [], denied: [] },
        sandboxed: false,
        protectedPaths,
        cwd: folder,
      }),
      { decision: 'refuse' },
      command,
    )
  for (const index of [2, 3, 4]) t.match((await b.chat('u', `do ${index}`)).body.response, /belongs to the engine/)
  for (const [path, bytes] of before)
    if (!/state\.db|audit|agents|last-good/.test(path)) t.same(await readFile(path), bytes, `${path} is as it was`)
  t.match((await b.chat('u', 'do 5')).body.response, /told/)
  t.equal(await readFile(join(folder, 'notes.txt'), 'utf8'), 'mine', 'the rest of the folder is the agent’s')
})

t.test('the default workspace', async (t) => {
  const yaml = `${HEAD}agents: { main: { soul: S, tools: [write_file] } }`
  const reply = calls(
    { name: 'write_file', input: { path: 'a.txt', content: 'x' } },
    { name: 'write_file', input: { path: '../../state.db', content: 'x' } },
  )
  await t.test('lies beside the file', async (t) => {
    const folder = testdir(t, {})
    const b = await startBot(yaml, { folder, api: { reply } })
    t.teardown(() => b.stop())
    t.match((await b.chat('u', 'do 0')).body.response, /told/)
    t.ok(existsSync(join(folder, 'workspace/main/a.txt')))
    t.notOk(existsSync(join(folder, STATE, 'workspace')))
  })
  await t.test('is the folder of an earlier version where there is one', async (t) => {
    const folder = testdir(t, {})
    await mkdir(join(folder, STATE, 'workspace/main'), { recursive: true })
    await mkdir(join(folder, STATE, 'workspace/other'), { recursive: true })
    await writeFile(join(folder, STATE, 'workspace/other/secret.txt'), 'theirs')
    const b = await startBot(yaml, { folder, api: { reply } })
    t.teardown(() => b.stop())
    t.match((await b.chat('u', 'do 0')).body.response, /told/)
    t.ok(existsSync(join(folder, STATE, 'workspace/main/a.txt')))
    t.match((await b.chat('u', 'do 1')).body.response, /workspace/)
    const { plan } = b.claw.engine
    const roots = plan.agents.get('main')?.workspace ?? []
    const place = usePlace({ cwd: roots[0]?.path ?? '', roots, protectedPaths: engineFiles(plan) })
    t.equal(useProblem({ path: 'a.txt', use: 'write' }, place), undefined)
    for (const path of ['../../state.db', '../other/secret.txt', '..', '../..', '../new'])
      t.match(useProblem({ path, use: 'write' }, place), { kind: 'engine' }, path)
    t.match(useProblem({ path: '../other/secret.txt', use: 'read' }, place), { kind: 'engine' })
  })
})
