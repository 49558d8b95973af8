import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { fileNameOf, keyOf, normalizeKey } from '../../src/memory/keys.ts'
import { SHARED } from '../../src/memory/scopes.ts'
import { createMemory, type MemoryOptions, memoryView } from '../../src/memory/store.ts'
import { systemClock } from '../../src/ports.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { testdir } from '../support/testdir.ts'

const BY = { agentId: 'main' }
const open = (options: MemoryOptions) => memoryView(createMemory(options).of, { write: SHARED, read: [SHARED] })
const storeIn = (folder: string) => open({ folder, clock: systemClock })
/** Files of notes; the index and versions are none. */
const filesIn = async (folder: string): Promise<string[]> =>
  (await readdir(join(folder, 'shared')).catch(() => [])).filter((name) => name.endsWith('.md')).sort()

t.test('saved, listed, read, replaced, removed', async (t) => {
  const folder = join(testdir(t), 'state', 'memory')
  const store = storeIn(folder)
  t.same(await store.list(), [], 'no folder is no memory')
  t.equal(await store.read('dinner'), null)
  t.same(await store.save('dinner', 'Sushi Ran', BY), { key: 'dinner', replaced: false })
  t.same(await store.save('dinner', 'Noma', BY), { key: 'dinner', replaced: true })
  t.equal((await store.read('dinner'))?.content, 'Noma\n')
  t.same(await filesIn(folder), ['dinner.md'])
  t.match(await store.list(), [{ key: 'dinner', bytes: 5 }])
  t.ok(await store.remove('dinner'))
  t.notOk(await store.remove('dinner'))
  t.same(await filesIn(folder), [])
})

t.test('times are those of the clock it was given', async (t) => {
  const clock = createFakeClock(Date.UTC(2026, 0, 1))
  const store = open({ folder: testdir(t), clock })
  await store.save('a', 'x', BY)
  t.equal((await store.list())[0]?.modified, Date.UTC(2026, 0, 1))
})

t.test('people may edit, add and remove the files', async (t) => {
  const folder = testdir(t)
  const store = storeIn(folder)
  await store.save('pets', 'A cat named Ada.', BY)
  t.equal((await store.search('cat')).length, 1)
  await writeFile(join(folder, 'shared', 'pets.md'), 'A dog named Ada.\n')
  t.equal((await store.search('cat')).length, 0)
  t.equal((await store.search('dog'))[0]?.content, 'A dog named Ada.\n')
  await writeFile(join(folder, 'Notes about Gärten.md'), '\uFEFFRosen schneiden')
  t.match(await store.search('garten'), [{ key: 'Notes about Gärten', content: 'Rosen schneiden' }])
  t.same(await store.save('Notes about Gärten', 'Done.', BY), { key: 'Notes about Gärten', replaced: true })
  t.same(await filesIn(folder), ['pets.md'])
  t.equal(await readFile(join(folder, 'Notes about Gärten.md'), 'utf8'), 'Done.\n', 'what lies in memory/ stays there')
  await rm(join(folder, 'shared', 'pets.md'))
  t.same(await store.search('dog'), [])
})

t.test('what is no memory is left alone', async (t) => {
  const outside = testdir(t, {
    'secret.md': 'password swordfish',
    memory: { '.hidden.md': 'swordfish', 'graph.json': '{"a": "swordfish"}' },
  })
  const folder = join(outside, 'memory')
  await mkdir(join(folder, 'shared'))
  await symlink(join(outside, 'secret.md'), join(folder, 'shared', 'link.md'))
  await mkdir(join(folder, 'folder.md'))
  const store = storeIn(folder)
  t.same(await store.list(), [])
  t.same(await store.search('swordfish'), [])
  await t.rejects(store.save('link', 'overwritten', BY), /no plain file/)
  t.equal(await readFile(join(outside, 'secret.md'), 'utf8'), 'password swordfish')
})

t.test('two stores on one folder see each other', async (t) => {
  const folder = testdir(t)
  const [one, two] = [storeIn(folder), storeIn(folder)]
  await one.save('a', 'first', BY)
  t.equal((await two.read('a'))?.content, 'first\n')
  await two.save('a', 'other', BY)
  t.equal((await one.read('a'))?.content, 'other\n')
})

t.test('many saves at once', async (t) => {
  const store = storeIn(testdir(t))
  await Promise.all(Array.from({ length: 50 }, (_, i) => store.save(`k${i % 10}`, `v${i}`, BY)))
  t.equal((await store.list()).length, 10)
  t.equal((await store.read('k3'))?.content, 'v43\n')
})

t.test('keys', async (t) => {
  t.test('plain ones are the name of their file', async (t) => {
    for (const key of ['user-preferences', 'Project notes', 'Zürich', '東京', 'a.b', "ada's list (2026)"]) {
      t.equal(fileNameOf(key).name, `${key}.md`)
    }
  })

  t.test('none leaves the folder', async (t) => {
    const folder = join(testdir(t), 'memory')
    const store = storeIn(folder)
    const keys = [
      '../../etc/passwd',
      '/etc/passwd',
      '..',
      '.',
      '.hidden',
      'a/b',
      'a\\b',
      'C:\\x',
      'line\nfeed',
      '-rf',
      '~',
      'a~b',
      '%2e%2e',
      '100%',
      '*',
      'tab\tbed',
      '🦞',
      'x'.repeat(900),
      'ж'.repeat(400),
      `${'x'.repeat(900)}y`,
    ]
    for (const key of keys) await store.save(key, `about ${JSON.stringify(key)}`, BY)
    const names = await filesIn(folder)
    t.equal(names.length, keys.length, 'one file a key')
    for (const name of names) t.notMatch(name, /^\.|[/\\\0\n]/)
    t.ok(names.every((name) => Buffer.byteLength(name) < 230))
    t.same((await store.list()).map((note) => note.key).sort(), [...keys].sort(), 'each comes back as it was')
    for (const key of keys) t.equal((await store.read(key))?.content, `about ${JSON.stringify(key)}\n`)
    await store.save('x'.repeat(900), 'new', BY)
    t.equal((await store.read('x'.repeat(900)))?.content, 'new\n')
    t.equal((await filesIn(folder)).length, keys.length)
  })

  t.test('names that differ in case alone have files that differ in more', async (t) => {
    const folder = testdir(t)
    const store = storeIn(folder)
    await store.save('Paris', 'the city', BY)
    await store.save('paris', 'the prince', BY)
    const names = await filesIn(folder)
    t.equal(new Set(names.map((name) => name.toLowerCase())).size, 2)
    t.equal((await store.read('Paris'))?.content, 'the city\n')
    t.equal((await store.read('paris'))?.content, 'the prince\n')
  })

  t.test('nothing and too much are refused', async (t) => {
    const store = storeIn(testdir(t))
    await t.rejects(store.save('  ', 'x', BY), /needs a key/)
    await t.rejects(store.save('nul\0byte', 'x', BY), /NUL/)
    await t.rejects(store.save('x'.repeat(2000), 'x', BY), /too long/)
    await t.rejects(store.save('big', 'x'.repeat(1_100_000), BY), /bytes at most/)
  })

  t.test('any key comes back from its file, and no two share one', async () => {
    const key = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 300 })
      .filter((text) => text.trim() !== '' && !text.includes('\0'))
    const stored = (given: string): { name: string; back: string | undefined; wanted: string } => {
      const wanted = normalizeKey(given)
      const { name, header } = fileNameOf(wanted)
      return { name, back: keyOf(name, `${header}content`)?.key, wanted }
    }
    fc.assert(
      fc.property(key, key, (a, b) => {
        const [one, two] = [stored(a), stored(b)]
        if (one.back !== one.wanted || /[/\\\0]/.test(one.name) || one.name.startsWith('.')) return false
        return one.wanted === two.wanted || one.name !== two.name
      }),
      { numRuns: 500 },
    )
  })
})

const GRAPH = {
  entities: [
    { id: 'user_mehdi', type: 'person', observations: ['Staff Software Engineer at Meta', 'Located in Redwood City, CA'] },
    { id: 'project_habit_detection', type: 'project', observations: ['Pipeline for AR glasses', 'Has January deadline'] },
    { id: 'cat', type: 'animal', observations: ['Called Minka'] },
    { id: 7 },
    'nonsense',
  ],
  relations: [{ from: 'user_mehdi', to: 'project_habit_detection', type: 'working_on' }, { from: 'cat' }, null],
}

t.test(
  'graph.json: things are found by what is known of them, and relations lead to what stands at their other end',
  async (t) => {
    const folder = testdir(t, { 'graph.json': JSON.stringify(GRAPH), 'dinner.md': 'Sushi Ran' })
    const store = storeIn(folder)
    const found = async (query: string) => (await store.search(query)).map((one) => one.key)
    const [first] = await store.search('What am I working on?')
    t.match(first?.content, /working on.*project_habit_detection|project_habit_detection/)
    t.match(first?.content, /January deadline/)
    t.same((await found('AR glasses'))[0], 'graph.json: project_habit_detection')
    t.same(await found('Redwood'), ['graph.json: user_mehdi'])
    t.same(await found('sushi'), ['dinner'])
    t.match(await store.list(), [{ key: 'dinner' }, {}, {}, {}])
    t.match((await store.read('graph.json: cat'))?.content, /^cat \(animal\)\n- Called Minka$/)
    await t.rejects(store.remove('graph.json: cat'), /stands in .*graph\.json/)
    await store.save('graph.json: cat', 'an agent’s own note', BY)
    t.match(JSON.parse(await readFile(join(folder, 'graph.json'), 'utf8')), { relations: [{ type: 'working_on' }] })

    await writeFile(join(folder, 'graph.json'), JSON.stringify({ entities: [{ id: 'dog', observations: ['Bello'] }] }))
    t.same(await found('Bello'), ['graph.json: dog'], 'edited: read again')
    t.same(await found('Redwood'), [])
  },
)

t.test('a graph.json that is none is told once, and costs nothing else', async (t) => {
  const folder = testdir(t, { 'graph.json': '{"entities": [', 'dinner.md': 'Sushi Ran' })
  const told: string[] = []
  const store = open({ folder, clock: systemClock, onProblem: (why) => told.push(why) })
  t.match(await store.search('sushi'), [{ key: 'dinner' }])
  await store.search('sushi')
  t.match(told, [/graph\.json is not used: /])
  t.equal(told.length, 1)
  await writeFile(join(folder, 'graph.json'), '[]')
  t.match(await store.list(), [{ key: 'dinner' }])
  t.match(told[1], /must be an object/)
})
