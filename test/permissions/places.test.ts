import { closeSync, mkdirSync, openSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import t from 'tap'
import { engineGuard } from '../../src/permissions/engine-guard.ts'
import { usePlace, useProblem } from '../../src/permissions/operands.ts'
import { realPlace } from '../../src/permissions/places.ts'
import { testdir } from '../support/testdir.ts'

/** The same numbers for the same seed. */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const NAMES = ['a', 'b', 'c', 'd', 'new']

t.test('where a path is, is where the system says: random trees of folders, files and links', (t) => {
  let existing = 0
  let made = 0
  for (let seed = 1; seed <= 150; seed++) {
    const random = numbers(seed)
    const base = realpathSync(testdir(t, {}))
    rmSync(base, { recursive: true, force: true })
    mkdirSync(base)
    const pick = (): string => NAMES[random(4)] as string
    const path = (depth: number): string =>
      Array.from({ length: 1 + random(depth) }, () => (random(6) === 0 ? '..' : pick())).join('/')
    for (let i = 0; i < 14; i++) {
      const target = join(base, ...Array.from({ length: 1 + random(3) }, pick))
      try {
        mkdirSync(dirname(target), { recursive: true })
        const kind = random(4)
        if (kind === 0) writeFileSync(target, 'x', { flag: 'wx' })
        else if (kind === 1) mkdirSync(target)
        else symlinkSync(random(4) === 0 ? join(base, path(3)) : path(3), target)
      } catch {
        // Something is in the way.
      }
    }
    for (let i = 0; i < 60; i++) {
      const tried = `${base}/${path(4)}${random(3) === 0 ? '/new' : ''}`
      let real: string
      try {
        real = realpathSync.native(tried)
        existing++
      } catch {
        try {
          closeSync(openSync(tried, 'ax'))
        } catch {
          continue
        }
        // It was made, perhaps through a link that led nowhere.
        real = realpathSync.native(tried)
        made++
        rmSync(real)
        const said = realPlace(tried).real
        if (said !== real) t.fail(`seed ${seed}: ${tried} would be ${real}, not ${said}`)
        continue
      }
      const { real: said, entry } = realPlace(tried)
      if (said !== real) t.fail(`seed ${seed}: ${tried} is ${real}, not ${said}`)
      if (basename(tried) !== '..' && entry !== join(realpathSync.native(dirname(tried)), basename(tried)))
        t.fail(`seed ${seed}: the entry of ${tried} is not ${entry}`)
    }
  }
  t.ok(existing > 1000, `${existing} existing paths`)
  t.ok(made > 100, `${made} paths that did not exist`)
  t.end()
})

t.test('a folder of the engine by every way to it', (t) => {
  const base = realpathSync(
    testdir(t, { work: { sub: {} }, state: { 'state.db': '' }, 'openclaw.yaml': '', teams: { 'a.yaml': '' } }),
  )
  const work = join(base, 'work')
  symlinkSync('../state', join(work, 'link'))
  symlinkSync('../state/new.json', join(work, 'dangling'))
  symlinkSync('../../openclaw.yaml', join(work, 'sub/conf'))
  symlinkSync('sub', join(work, 'to-sub'))
  symlinkSync('../../teams', join(work, 'sub/teams'))
  const place = usePlace({
    cwd: work,
    roots: [{ path: work, access: 'write' }],
    protectedPaths: [join(base, 'state'), join(base, 'openclaw.yaml'), join(base, 'teams/*.yaml')],
  })
  for (const path of [
    'link/state.db',
    'link/new',
    'link',
    'dangling',
    'sub/conf',
    'to-sub/conf',
    'to-sub/../link/x',
    'sub/teams/new.yaml',
    'sub/teams',
    '../state',
    '..',
    base,
    '/',
    '../teams',
    'sub/teams/../openclaw.yaml',
  ])
    t.match(useProblem({ path, use: 'write' }, place), { kind: 'engine' }, path)
  for (const path of ['x', 'sub/x', 'to-sub/x', 'sub/../x']) t.equal(useProblem({ path, use: 'write' }, place), undefined, path)
  for (const path of ['../x', 'sub/teams/x.txt', '/tmp/x'])
    t.match(useProblem({ path, use: 'write' }, place), { kind: 'outside' }, path)
  t.end()
})

t.test('an agent’s folder in the state folder is its own only where it really lies there', (t) => {
  const base = realpathSync(testdir(t, { state: { workspace: { main: {} }, agents: {} }, elsewhere: {} }))
  const state = join(base, 'state')
  const owns = (root: string, path: string): boolean => engineGuard([state], [root]).owns(path)
  const main = join(state, 'workspace/main')
  t.notOk(owns(main, join(main, 'x')))
  t.ok(owns(main, join(state, 'workspace/other/x')))
  t.ok(owns(main, join(state, 'state.db')))
  t.ok(owns(main, `${main}-evil/x`))
  symlinkSync('../agents', join(state, 'workspace/linked'))
  t.ok(owns(join(state, 'workspace/linked'), join(state, 'agents/x')), 'a link does not make the engine’s files the agent’s')
  symlinkSync(join(state, 'agents'), join(base, 'way'))
  t.ok(owns(join(base, 'way'), join(state, 'agents/x')))
  t.ok(owns(state, join(state, 'x')), 'nor does naming the state folder itself')
  t.end()
})
