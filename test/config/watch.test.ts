import { writeFileSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, symlink, truncate, unlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test as T } from 'tap'
import { type FileWatcher, type WatchOptions, watchFiles } from '../../src/config/watch.ts'
import { createStateReader } from '../../src/config/watch-state.ts'
import { testdir } from '../support/testdir.ts'

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

interface Watching {
  readonly watcher: FileWatcher
  /** One entry a call: the names that changed. */
  readonly calls: string[][]
  /** Waits for the next call that wasn't waited for yet. */
  next(): Promise<string[]>
}

/** The poll is slow here unless a test is about it, so that what is heard is told apart from what is found by looking. */
async function start(t: T, folder: string, names: readonly string[], more: Partial<WatchOptions> = {}): Promise<Watching> {
  const calls: string[][] = []
  let seen = 0
  let wake: () => void = () => {}
  const watcher = watchFiles({
    paths: names.map((name) => join(folder, name)),
    patterns: [],
    pollMs: 60_000,
    onChange: (changed) => {
      calls.push(changed.map((path) => path.slice(folder.length + 1)).sort())
      wake()
    },
    ...more,
  })
  t.teardown(() => watcher.close())
  await watcher.ready()
  return {
    watcher,
    calls,
    async next() {
      while (calls.length <= seen) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      return calls[seen++] as string[]
    },
  }
}

t.test('saved in place, and by renaming', async (t) => {
  const folder = testdir(t, { 'a.yaml': 'one', 'b.yaml': 'one', 'other.txt': 'x' })
  const { next, calls } = await start(t, folder, ['a.yaml', 'b.yaml'])
  await writeFile(join(folder, 'a.yaml'), 'two')
  t.strictSame(await next(), ['a.yaml'])
  for (const text of ['three', 'four', 'five']) {
    await writeFile(join(folder, '.a.yaml.swp'), text)
    await rename(join(folder, '.a.yaml.swp'), join(folder, 'a.yaml'))
    t.strictSame(await next(), ['a.yaml'], 'and again, when the file itself is another')
  }
  await rename(join(folder, 'b.yaml'), join(folder, 'b.yaml~'))
  await writeFile(join(folder, 'b.yaml'), 'two')
  t.strictSame(await next(), ['b.yaml'], 'with a backup')
  await writeFile(join(folder, 'other.txt'), 'y')
  await sleep(150)
  t.equal(calls.length, 5, 'strangers are nothing')
})

t.test('the same content is no change', async (t) => {
  const folder = testdir(t, { 'a.yaml': 'one' })
  const { next, calls } = await start(t, folder, ['a.yaml'])
  await writeFile(join(folder, 'a.yaml'), 'one')
  await utimes(join(folder, 'a.yaml'), new Date(), new Date())
  await sleep(150)
  t.strictSame(calls, [])
  await writeFile(join(folder, 'a.yaml'), 'two')
  t.strictSame(await next(), ['a.yaml'])
})

t.test('a save just before the content is read does not look as old as the numbers read before it', async (t) => {
  const folder = testdir(t, { 'a.yaml': 'one' })
  const file = join(folder, 'a.yaml')
  const old = new Date(Date.now() - 3_600_000)
  await utimes(file, old, old)
  await sleep(100)
  const savedAt = Date.now()
  let saved = false
  const reader = createStateReader(async (path) => {
    if (!saved) await writeFile(path, 'two')
    saved = true
    return readFile(path)
  })
  const state = await reader.read(file)
  t.ok(state.changedAt >= savedAt - 20, 'it changed when it was saved')
  t.equal(state.hash, (await createStateReader().read(file)).hash)
})

t.test('many saves at once are one change, with the last content', async (t) => {
  const folder = testdir(t, { 'a.yaml': 'one' })
  const { next, calls } = await start(t, folder, ['a.yaml'])
  for (let i = 0; i < 100; i++) writeFileSync(join(folder, 'a.yaml'), `text ${i}`)
  t.strictSame(await next(), ['a.yaml'])
  await sleep(150)
  t.equal(calls.length, 1)
  await writeFile(join(folder, 'a.yaml'), 'text 99')
  await sleep(150)
  t.equal(calls.length, 1, 'the last one was seen')
})

t.test('saves without end are told in between', async (t) => {
  const folder = testdir(t, { 'a.yaml': 'one' })
  const { calls } = await start(t, folder, ['a.yaml'], { debounceMs: 60_000, maxWaitMs: 200 })
  for (let i = 0; calls.length < 2; i++) {
    await writeFile(join(folder, 'a.yaml'), `text ${i}`)
    await sleep(10)
  }
  t.pass('although it was never quiet')
})

t.test('gone for a moment is not gone', async (t) => {
  const folder = testdir(t, { 'a.yaml': 'one' })
  const { next, calls } = await start(t, folder, ['a.yaml'], { maxWaitMs: 1000 })
  await unlink(join(folder, 'a.yaml'))
  await sleep(150)
  await writeFile(join(folder, 'a.yaml'), 'one')
  await sleep(200)
  t.strictSame(calls, [], 'it came back as it was')
  await truncate(join(folder, 'a.yaml'))
  await sleep(100)
  t.strictSame(calls, [], 'emptied, not yet written')
  await writeFile(join(folder, 'a.yaml'), 'two')
  t.strictSame(await next(), ['a.yaml'])
  await unlink(join(folder, 'a.yaml'))
  t.strictSame(await next(), ['a.yaml'], 'gone for good')
  await writeFile(join(folder, 'a.yaml'), 'three')
  t.strictSame(await next(), ['a.yaml'])
})

t.test('a file that does not exist yet', async (t) => {
  const folder = testdir(t, { 'a.yaml': 'one' })
  const { next } = await start(t, folder, ['a.yaml', '.env', 'deep/er/b.yaml'])
  await writeFile(join(folder, '.env'), 'A=1')
  t.strictSame(await next(), ['.env'])
  await mkdir(join(folder, 'deep/er'), { recursive: true })
  await sleep(120)
  await writeFile(join(folder, 'deep/er/b.yaml'), 'x')
  t.strictSame(await next(), ['deep/er/b.yaml'])
})

t.test('links are followed, and turning one is a change', async (t) => {
  const folder = testdir(t, {
    one: { 'a.yaml': 'one' },
    two: { 'a.yaml': 'two' },
    current: t.fixture('symlink', 'one'),
    'link.yaml': t.fixture('symlink', 'current/a.yaml'),
  })
  const { next } = await start(t, folder, ['link.yaml'])
  await symlink('two', join(folder, 'new'))
  await rename(join(folder, 'new'), join(folder, 'current'))
  t.strictSame(await next(), ['link.yaml'])
  await writeFile(join(folder, 'two/a.yaml'), 'three')
  t.strictSame(await next(), ['link.yaml'], 'the new target is listened to')
})

t.test('a mounted ConfigMap is swapped again and again', async (t) => {
  const folder = testdir(t, {
    '..v1': { 'openclaw.yaml': 'v1' },
    '..data': t.fixture('symlink', '..v1'),
    'openclaw.yaml': t.fixture('symlink', '..data/openclaw.yaml'),
  })
  const { next } = await start(t, folder, ['openclaw.yaml'])
  for (let version = 2; version < 6; version++) {
    await mkdir(join(folder, `..v${version}`))
    await writeFile(join(folder, `..v${version}`, 'openclaw.yaml'), `v${version}`)
    await symlink(`..v${version}`, join(folder, '..data_tmp'))
    await rename(join(folder, '..data_tmp'), join(folder, '..data'))
    await rm(join(folder, `..v${version - 1}`), { recursive: true })
    t.strictSame(await next(), ['openclaw.yaml'], `v${version}`)
  }
})

t.test('new files of a pattern', async (t) => {
  const folder = testdir(t, { 'a.yaml': 'one', teams: { 'x.yaml': 'x' }, bots: {} })
  const patterns = [join(folder, 'teams/*.yaml'), join(folder, 'bots/*/bot.yaml')]
  const { next, calls } = await start(t, folder, ['a.yaml'], { patterns })
  await writeFile(join(folder, 'teams/y.yaml'), 'y')
  t.strictSame(await next(), ['teams/y.yaml'])
  await writeFile(join(folder, 'teams/x.yaml'), 'x2')
  t.strictSame(await next(), ['teams/x.yaml'])
  await writeFile(join(folder, 'teams/z.txt'), 'z')
  await mkdir(join(folder, 'bots/new'))
  await sleep(150)
  t.equal(calls.length, 2)
  await writeFile(join(folder, 'bots/new/bot.yaml'), 'b')
  t.strictSame(await next(), ['bots/new/bot.yaml'])
  await unlink(join(folder, 'teams/y.yaml'))
  t.strictSame(await next(), ['teams/y.yaml'], 'gone ones, too')
})

t.test('update: other files from now on, the known ones unharmed', async (t) => {
  const folder = testdir(t, { 'a.yaml': 'one', 'b.yaml': 'one', sub: { 'c.md': 'one' } })
  const { watcher, next, calls } = await start(t, folder, ['a.yaml', 'b.yaml'])
  await sleep(30)
  watcher.update([join(folder, 'a.yaml'), join(folder, 'sub/c.md')], [])
  await sleep(150)
  t.strictSame(calls, [], 'taking a file in is no change')
  await writeFile(join(folder, 'b.yaml'), 'two')
  await writeFile(join(folder, 'sub/c.md'), 'two')
  t.strictSame(await next(), ['sub/c.md'])
  await writeFile(join(folder, 'a.yaml'), 'two')
  t.strictSame(await next(), ['a.yaml'])
})

t.test('what changed between reading and watching is told', async (t) => {
  const folder = testdir(t, { 'a.yaml': 'one', 'b.yaml': 'one' })
  await sleep(30)
  const since = Date.now()
  await writeFile(join(folder, 'a.yaml'), 'two')
  const { next } = await start(t, folder, ['a.yaml', 'b.yaml'], { since })
  t.strictSame(await next(), ['a.yaml'])
})

t.test('what is not heard is found', async (t) => {
  const folder = testdir(t, { one: { two: { 'a.yaml': 'one' } } })
  const { next } = await start(t, folder, ['one/two/a.yaml'], { pollMs: 20 })
  // The folder above the one that is listened to is replaced as a whole.
  await mkdir(join(folder, 'new/two'), { recursive: true })
  await writeFile(join(folder, 'new/two/a.yaml'), 'two')
  await rename(join(folder, 'one'), join(folder, 'old'))
  await rename(join(folder, 'new'), join(folder, 'one'))
  t.strictSame(await next(), ['one/two/a.yaml'])
  await writeFile(join(folder, 'one/two/a.yaml'), 'three')
  t.strictSame(await next(), ['one/two/a.yaml'])
})

t.test('what follows a change may fail', async (t) => {
  const folder = testdir(t, { 'a.yaml': 'one' })
  let count = 0
  const watching = await start(t, folder, ['a.yaml'], {
    onChange: () => {
      count++
      throw new Error('boom')
    },
  })
  for (const wanted of [1, 2]) {
    await writeFile(join(folder, 'a.yaml'), `text ${wanted}`)
    while (count < wanted) await sleep(5)
  }
  await watching.watcher.close()
  await writeFile(join(folder, 'a.yaml'), 'after')
  await sleep(120)
  t.equal(count, 2, 'closed is closed')
})

t.test('what was read as it was for a moment only is told, though by now it is as before', async (t) => {
  const folder = testdir(t, { 'a.yaml': 'one', 'same.yaml': 'one' })
  const names = ['a.yaml', 'same.yaml', '.env']
  const paths = names.map((name) => join(folder, name))
  const { watcher, next, calls } = await start(t, folder, names, { debounceMs: 400, maxWaitMs: 400 })
  const readAgain = async (): Promise<number> => {
    // Times of files move in steps: what was written just before is told apart.
    await sleep(30)
    return Date.now()
  }
  let since = await readAgain()
  await writeFile(paths[0]!, 'two')
  await writeFile(paths[0]!, 'one')
  watcher.update(paths, [], since)
  t.strictSame(await next(), ['a.yaml'])

  since = await readAgain()
  await writeFile(paths[2]!, 'A=1')
  await unlink(paths[2]!)
  watcher.update(paths, [], since)
  t.strictSame(await next(), ['.env'], 'it may have been there: the folder changed')

  const before = calls.length
  since = await readAgain()
  watcher.update(paths, [], since)
  await sleep(600)
  t.equal(calls.length, before, 'where nothing changed, nothing is told')
})

t.test('a crowded folder is not listened to file by file', async (t) => {
  const folder = testdir(t, { 'a.yaml': 'one' })
  await Promise.all(Array.from({ length: 300 }, (_, i) => writeFile(join(folder, `noise-${i}.txt`), 'x')))
  const before = await inotifyWatches()
  const { next } = await start(t, folder, ['a.yaml'])
  const after = await inotifyWatches()
  if (after > 0) t.ok(after > before && after - before < 20, `${after - before} watches`)
  await writeFile(join(folder, 'a.yaml'), 'two')
  t.strictSame(await next(), ['a.yaml'])
})

/** Watches this process holds; 0 where the system doesn't tell. */
async function inotifyWatches(): Promise<number> {
  const files = await readdir('/proc/self/fdinfo').catch(() => [])
  const texts = await Promise.all(files.map((name) => readFile(join('/proc/self/fdinfo', name), 'utf8').catch(() => '')))
  return texts.join('\n').match(/^inotify wd:/gm)?.length ?? 0
}
