import { spawnSync } from 'node:child_process'
import { chmod, link, mkdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import t from 'tap'
import { changesSince, snapshotWorkspace } from '../../src/permissions/workspace-snapshot.ts'
import { testdir } from '../support/testdir.ts'

const FILES = {
  work: {
    'x.sh': 'echo one',
    'data.csv': 'a,b',
    sub: { 'x.sh': 'echo sub', deep: { 'file.txt': 'text' } },
    node_modules: { '.bin': { tool: '#!/bin/sh' } },
  },
  other: { 'x.sh': 'echo other', deep: {} },
}

t.test('what changes is named', async (t) => {
  const changes: readonly (readonly [name: string, change: (work: string) => Promise<unknown>, said: readonly string[]])[] = [
    ['nothing', async () => {}, []],
    ['a file rewritten', (work) => writeFile(join(work, 'x.sh'), 'echo two'), ['x.sh (changed)']],
    [
      'a file rewritten with its old times',
      async (work) => {
        await writeFile(join(work, 'x.sh'), 'echo two')
        await utimes(join(work, 'x.sh'), 1, 1)
      },
      ['x.sh (changed)'],
    ],
    ['another mode', (work) => chmod(join(work, 'x.sh'), 0o755), ['x.sh (changed)']],
    ['a new file', (work) => writeFile(join(work, '.npmrc'), 'x'), ['.npmrc (new)']],
    ['a file with a line feed in its name', (work) => writeFile(join(work, 'a\nb'), 'x'), ['a\nb (new)']],
    ['a file removed', (work) => rm(join(work, 'sub/deep/file.txt')), ['sub/deep/file.txt (gone)']],
    [
      'a file put in its place',
      (work) => rename(join(work, 'sub/x.sh'), join(work, 'x.sh')),
      ['sub/x.sh (gone)', 'x.sh (changed)'],
    ],
    [
      'a file replaced by a link to the same',
      async (work) => {
        await rm(join(work, 'x.sh'))
        await symlink('sub/x.sh', join(work, 'x.sh'))
      },
      ['x.sh (changed)'],
    ],
    ['a second name', (work) => link(join(work, 'x.sh'), join(work, 'y.sh')), ['x.sh (changed)', 'y.sh (new)']],
    ['a new folder', (work) => mkdir(join(work, 'new')), ['new (new)']],
    [
      'a folder put in place of another',
      async (work) => {
        await rename(join(work, 'sub'), join(work, '../sub'))
        await mkdir(join(work, 'sub/deep'), { recursive: true })
      },
      ['sub (another folder)', 'sub/deep (another folder)', 'sub/deep/file.txt (gone)', 'sub/x.sh (gone)'],
    ],
    [
      'a folder replaced by a link to itself',
      async (work) => {
        await rename(join(work, 'sub'), join(work, '../sub'))
        await symlink('../sub', join(work, 'sub'))
      },
      ['sub (changed)', 'sub/deep (gone)', 'sub/deep/file.txt (gone)', 'sub/x.sh (gone)'],
    ],
    [
      'the workspace itself replaced',
      async (work) => {
        await rename(work, `${work}-old`)
        await rename(join(work, '../other'), work)
      },
      [
        'data.csv (gone)',
        'node_modules (gone)',
        'node_modules/.bin (gone)',
        'node_modules/.bin/tool (gone)',
        'sub (gone)',
        'sub/deep (gone)',
        'sub/deep/file.txt (gone)',
        'sub/x.sh (gone)',
        'work (another folder)',
        'x.sh (changed)',
        'deep (new)',
      ],
    ],
    ['the workspace removed', (work) => rm(work, { recursive: true }), ['work (changed)']],
    ['a pipe', async (work) => spawnSync('mkfifo', [join(work, 'pipe')]), ['pipe (new)']],
    ['a file of the engine', (work) => writeFile(join(work, 'state/queue'), 'x'), []],
  ]
  for (const [name, change, said] of changes)
    await t.test(name, async (t) => {
      const base = testdir(t, FILES)
      const work = join(base, 'work')
      const stateDir = join(work, 'state')
      await mkdir(stateDir)
      const before = await snapshotWorkspace([work], { stateDir })
      t.equal(before.unwatched, undefined)
      await change(work)
      const found = (await changesSince(before, { stateDir })).map((one) => one.replace(`${base}/`, ''))
      if (name === 'the workspace removed') t.ok(found.includes('work (changed)'))
      else t.same(found.sort(), [...said].sort())
    })
})

t.test('a link counts with what it leads to', async (t) => {
  const base = testdir(t, { work: {}, out: { 'x.sh': 'one', folder: {} } })
  const work = join(base, 'work')
  await symlink('../out/x.sh', join(work, 'file'))
  await symlink('../out/folder', join(work, 'folder'))
  await symlink('../out/none', join(work, 'dangling'))
  const before = await snapshotWorkspace([work], { stateDir: '/none' })
  t.same(await changesSince(before, { stateDir: '/none' }), [])
  await writeFile(join(base, 'out/x.sh'), 'two')
  await writeFile(join(base, 'out/none'), 'there')
  await writeFile(join(base, 'out/folder/new'), 'a folder outside is known by its number alone')
  t.same([...(await changesSince(before, { stateDir: '/none' }))].sort(), ['dangling (changed)', 'file (changed)'])
})

t.test('a second change in the same tick of the clock is seen', async (t) => {
  const work = testdir(t, { 'x.sh': 'echo 0000' })
  for (let i = 1; i <= 40; i++) {
    await writeFile(join(work, 'x.sh'), `echo ${String(i).padStart(4, '0')}`)
    const before = await snapshotWorkspace([work], { stateDir: '/none' })
    await writeFile(join(work, 'x.sh'), `echo ${String(i + 5000)}`)
    t.same(await changesSince(before, { stateDir: '/none' }), ['x.sh (changed)'])
  }
})

t.test('several folders: the second by its whole path', async (t) => {
  const base = testdir(t, FILES)
  const roots = [join(base, 'work'), join(base, 'other')]
  const before = await snapshotWorkspace(roots, { stateDir: '/none' })
  await writeFile(join(base, 'other/x.sh'), 'two')
  t.same(await changesSince(before, { stateDir: '/none' }), [`${base}/other/x.sh (changed)`])
})

t.test('a folder that is too large is watched as far as it goes, nearest first, and that is said', async (t) => {
  const work = testdir(t, { 'x.sh': 'one', big: {}, small: { 'y.sh': 'one' } })
  for (let i = 0; i < 60; i++) await writeFile(join(work, `big/${i}`), '')
  const options = { stateDir: '/none', most: 50 }
  const before = await snapshotWorkspace([work], options)
  t.match(before.unwatched, /too large to be watched whole \(more than 50 entries\), and .*\/big is not/)
  t.same(await changesSince(before, options), [], 'the same holds when it is looked at again')
  await writeFile(join(work, 'big/0'), 'changed')
  t.same(await changesSince(before, options), [], 'not seen, as was said')
  await writeFile(join(work, 'x.sh'), 'two')
  await writeFile(join(work, 'small/y.sh'), 'two')
  await writeFile(join(work, 'small/z.sh'), 'new')
  t.same([...(await changesSince(before, options))].sort(), ['small/y.sh (changed)', 'small/z.sh (new)', 'x.sh (changed)'])
})

t.test('a large folder leaves the event loop free', async (t) => {
  const work = testdir(t, {})
  const made = spawnSync('sh', ['-c', 'for d in $(seq 100); do mkdir $d; (cd $d; touch $(seq 100)); done'], { cwd: work })
  t.equal(made.status, 0)
  const delay = monitorEventLoopDelay({ resolution: 1 })
  let turns = 0
  const counting = setInterval(() => turns++, 0)
  delay.enable()
  const before = await snapshotWorkspace([work], { stateDir: '/none' })
  t.same(await changesSince(before, { stateDir: '/none' }), [])
  delay.disable()
  clearInterval(counting)
  t.equal(before.unwatched, undefined)
  t.ok(turns > 50, `timers fired ${turns} times meanwhile`)
  t.comment(`10,000 entries: longest delay ${(delay.max / 1e6).toFixed(1)} ms, kept in ${before.entries.length} characters`)
})
