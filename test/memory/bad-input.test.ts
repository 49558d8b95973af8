// Files that people left in a state nobody expects: nothing is lost, and what is not used is said.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { SHARED } from '../../src/memory/scopes.ts'
import { createMemory } from '../../src/memory/store.ts'
import { systemClock } from '../../src/ports.ts'
import { testdir } from '../support/testdir.ts'

t.test('a head that nobody closed, or that is none, is text', async (t) => {
  const folder = testdir(t, {
    'open.md': '---\nat: 2024-05-01\nThe lighthouse is red.\n',
    'list.md': '---\n- one zebra\n---\nAnd a lighthouse.\n',
    'whole.md': '---\nat: 2024-05-01T10:00:00Z\ntags: [a]\n---\nA lighthouse again.\n',
  })
  const memory = createMemory({ folder, clock: systemClock })
  const hits = memory.of(SHARED).search('lighthouse', 5)
  t.same(hits.map(({ key }) => key).sort(), ['list', 'open', 'whole'])
  t.equal(memory.of(SHARED).search('zebra', 5)[0]?.key, 'list')
  t.match(
    hits.find(({ key }) => key === 'whole'),
    { content: 'A lighthouse again.\n', line: 5, file: 'memory/whole.md' },
  )
  memory.close()
})

t.test('a note of 10 MB is searched as far as it goes, and stays whole', async (t) => {
  const text = `The lighthouse is red.\n\n${'filler '.repeat(1_500_000)}`
  const folder = testdir(t, { 'big.md': text })
  const problems: string[] = []
  const memory = createMemory({ folder, clock: systemClock, onProblem: (why) => problems.push(why) })
  t.match(memory.of(SHARED).search('lighthouse', 5), [{ key: 'big', line: 1 }])
  memory.of(SHARED).search('lighthouse', 5)
  t.equal(problems.length, 1, 'said once')
  t.match(problems[0], /big\.md has \d+ bytes; only the first 1000000 are searched/)
  t.equal(readFileSync(join(folder, 'big.md')).length, text.length)
  memory.close()
})

t.test('a damaged index is built again', async (t) => {
  const folder = testdir(t, { 'a.md': 'The lighthouse is red.\n', '.index.db': 'this is no database' })
  const memory = createMemory({ folder, clock: systemClock })
  t.equal(memory.of(SHARED).search('lighthouse', 5).length, 1)
  memory.close()
})

t.test('two engines in one folder', async (t) => {
  const folder = testdir(t)
  mkdirSync(join(folder, 'shared'))
  const [one, two] = [createMemory({ folder, clock: systemClock }), createMemory({ folder, clock: systemClock })]
  for (let i = 0; i < 20; i++)
    (i % 2 === 0 ? one : two).of(SHARED).save(`note ${i}`, `The lighthouse number ${i} is red.`, 'main')
  for (const memory of [one, two]) t.equal(memory.of(SHARED).search('lighthouse', 50).length, 20)
  writeFileSync(join(folder, 'shared', 'note 3.md'), 'A windmill instead.\n')
  for (const memory of [one, two]) t.equal(memory.of(SHARED).search('windmill', 5)[0]?.key, 'note 3')
  one.close()
  two.close()
})

t.test('spellings and endings of three languages', async (t) => {
  const folder = testdir(t, {
    'router.md': 'The wi-fi is behind the shelf.\n',
    'weg.md': 'Die Straße ist gesperrt.\n',
    'ключ.md': 'Пароль лежит в ящике.\n',
  })
  const memory = createMemory({ folder, clock: systemClock })
  const first = (query: string): string | undefined => memory.of(SHARED).search(query, 5)[0]?.key
  t.equal(first('wifi'), 'router')
  t.equal(first('Strasse'), 'weg')
  t.equal(first('пароли'), 'ключ')
  memory.close()
})
