import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loadPlan } from '../../src/config/load-plan.ts'
import type { Secret } from '../../src/plan/plan.ts'
import { testdir } from '../support/testdir.ts'
import { brief, errorsOf, loadFolder } from './helpers.ts'
import { registry } from './registry.ts'

t.test('sections merge by key, lists concatenate: root first, then paths in order', async (t) => {
  const { plan, diagnostics, includePatterns, folder } = await loadFolder(t, {
    'openclaw.yaml':
      'include: [teams/*.yaml]\nagents: { main: { soul: x } }\nrouting: { defaultAgent: main, rules: [{ prefix: /a, agentId: main }] }\n',
    teams: {
      'b.yaml': 'agents: { bob: { soul: bob.md } }\nrouting: { rules: [{ prefix: /b, agentId: bob }] }\n',
      'a.yaml': 'agents: { ann: { soul: A } }\nrouting:\n  rules:\n    - prefix: /c\n      agentId: ann\n',
      'bob.md': 'I am Bob.',
      'ignored.txt': 'agents: [',
    },
  })
  t.same(errorsOf(diagnostics), [])
  t.same(
    plan?.rules.map(({ index, prefix, place }) => [index, prefix, place.file.slice(folder.length + 1), place.line]),
    [
      [0, '/a', 'openclaw.yaml', 3],
      [1, '/c', 'teams/a.yaml', 4],
      [2, '/b', 'teams/b.yaml', 2],
    ],
  )
  t.equal(plan?.agents.get('bob')?.soul.text, 'I am Bob.', 'paths are relative to the file that names them')
  t.same(includePatterns, [join(folder, 'teams/*.yaml')])
})

t.test('the same key in two files is told at both places', async (t) => {
  const { diagnostics, folder } = await loadFolder(t, {
    'openclaw.yaml': 'include: [a.yaml]\nagents: { main: { soul: x } }\nsessionScope: main\n',
    'a.yaml': 'agents:\n  main: { soul: y }\nsessionScope: main\n',
  })
  t.same(brief(diagnostics), ['CLAW006 2:3', 'CLAW006 3:1'])
  t.equal(diagnostics[0]?.file, join(folder, 'a.yaml'))
  t.equal(diagnostics[0]?.path, '/agents/main')
  t.match(diagnostics[0]?.related?.[0], { file: join(folder, 'openclaw.yaml'), line: 2, column: 11 })
})

t.test('problems stand in the file that holds them', async (t) => {
  const { diagnostics, folder } = await loadFolder(t, {
    'openclaw.yaml': 'include: [a.yaml]\nagents: { main: { soul: x } }\n',
    'a.yaml': 'agents:\n  bob: { soul: y, tols: [] }\n',
  })
  t.match(diagnostics, [{ code: 'CLAW101', file: join(folder, 'a.yaml'), line: 2, column: 19, path: '/agents/bob/tols' }])
})

t.test('cycles, files that are not there, patterns that match nothing', async (t) => {
  const cycle = await loadFolder(t, {
    'openclaw.yaml': 'include: [a.yaml]\nagents: { main: { soul: x } }\n',
    'a.yaml': 'include:\n  - openclaw.yaml\n',
  })
  t.same(brief(cycle.diagnostics), ['CLAW005 2:5'])
  const missing = await loadFolder(t, {
    'openclaw.yaml': 'include: [nowhere.yaml, "none/*.yaml"]\nagents: { main: { soul: x } }\n',
  })
  t.same(brief(missing.diagnostics), ['CLAW003 1:11', 'CLAW010 1:25'])
  const diamond = await loadFolder(t, {
    'openclaw.yaml': 'include: [a.yaml, b.yaml]\nagents: { main: { soul: x } }\n',
    'a.yaml': 'include: [c.yaml]\n',
    'b.yaml': 'include: [c.yaml]\n',
    'c.yaml': 'owners: ["telegram:1"]\n',
  })
  t.same(errorsOf(diamond.diagnostics), [])
  t.same(diamond.plan?.owners, ['telegram:1'])
})

t.test('a pattern that matches the file it stands in means the others', async (t) => {
  const { plan } = await loadFolder(t, {
    'openclaw.yaml': 'include: ["*.yaml"]\nagents: { main: { soul: x } }\n',
    'b.yaml': 'owners: ["telegram:1"]\n',
  })
  t.same(plan?.owners, ['telegram:1'])
})

t.test('deep patterns and braces', async (t) => {
  const { plan } = await loadFolder(t, {
    'openclaw.yaml': 'include: ["teams/**/*.{yaml,yml}"]\nagents: { main: { soul: x } }\n',
    teams: { 'a.yml': 'agents: { a: { soul: A } }\n', deep: { 'b.yaml': 'agents: { b: { soul: B } }\n' } } as never,
  })
  t.same([...plan!.agents.keys()].sort(), ['a', 'b', 'main'])
})

t.test('a copy is read as if it stood where the original stood', async (t) => {
  const folder = testdir(t, {
    // Only what the copy lacks, and what must not be read in its place.
    original: {
      'openclaw.yaml': 'agents: {',
      token: 'secret of today',
      teams: { 'new.yaml': 'agents: { fresh: { soul: x } }\n' },
    },
    outside: { 'more.yaml': 'owners: ["http:me"]\n' },
    copy: {
      'SOUL.md': 'As it was.',
      teams: { 'old.yaml': 'agents: { old: { soul: ../SOUL.md, workspace: ./work } }\n' },
      'absolute.yaml': 'channels: { telegram: { token: { file: token } } }\n',
    },
  })
  const root = join(folder, 'original')
  const yaml = `include: ["teams/*.yaml", ${JSON.stringify(join(root, 'absolute.yaml'))}, ../outside/more.yaml]\nlanes: { realtime: 3 }\n`
  writeFileSync(join(folder, 'copy/openclaw.yaml'), yaml)
  const load = () => loadPlan(join(root, 'openclaw.yaml'), { registry, env: {}, mirror: { root, folder: join(folder, 'copy') } })
  const { plan, sources } = await load()
  t.same([...(plan?.agents.keys() ?? [])], ['old'])
  t.equal(plan?.file, join(root, 'openclaw.yaml'))
  t.equal(plan?.stateDir, join(root, '.openclaw'))
  t.equal(plan?.agents.get('old')?.soul.text, 'As it was.')
  t.match(plan?.agents.get('old')?.workspace, [{ path: join(root, 'teams/work') }])
  t.match(plan?.agents.get('old')?.place, { file: join(root, 'teams/old.yaml'), line: 1 })
  t.equal((plan!.channels.get('telegram')!.settings['token'] as Secret).reveal(), 'secret of today')
  t.same(plan?.owners, ['http:me'])
  t.ok(sources.every((path) => !path.startsWith(join(folder, 'copy'))))
  t.ok(sources.includes(join(root, 'SOUL.md')))

  writeFileSync(join(folder, 'copy/openclaw.yaml'), `${yaml}agentz: {}\n`)
  t.match((await load()).diagnostics, [{ code: 'CLAW101', file: join(root, 'openclaw.yaml'), line: 3 }])
})

t.test('a section of another kind in one file is that file’s mistake alone', async (t) => {
  const { diagnostics, folder } = await loadFolder(t, {
    'openclaw.yaml': 'include: [a.yaml, b.yaml]\nagents: { main: { soul: x } }\nrouting: { defaultAgent: ann }\n',
    'a.yaml': 'agents: { ann: { soul: y } }\nidentityLinks: { me: ["http:1"] }\n',
    'b.yaml': 'agents: 5\nidentityLinks: [["http:2", "http:3"]]\n',
  })
  t.same(brief(errorsOf(diagnostics)), ['CLAW006 1:1', 'CLAW006 2:1'])
  t.match(diagnostics[0], { file: join(folder, 'b.yaml'), message: '"agents" is a single value here and a map in another file.' })
})
