// What was forgotten is nowhere: not in notes, versions or the index, free pages included.

import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import type { Scope } from '../../src/memory/scopes.ts'
import { createMemory } from '../../src/memory/store.ts'
import { systemClock } from '../../src/ports.ts'
import { testdir } from '../support/testdir.ts'

const ADA: Scope = { kind: 'person', name: 'ada' }
const BEN: Scope = { kind: 'person', name: 'telegram:2' }

/** Files below a folder that hold the text, in any case. */
function holding(folder: string, text: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => {
    const path = join(folder, name)
    return name.includes(text) || (statSync(path).isFile() && readFileSync(path, 'latin1').toLowerCase().includes(text))
  })
}

const word = fc.stringMatching(/^zq[a-z]{6,10}$/)

t.test('a note, with what it said before', async (t) => {
  const root = testdir(t)
  let count = 0
  await fc.assert(
    fc.asyncProperty(word, word, fc.array(word, { maxLength: 30 }), async (secret, older, others) => {
      const isApart = (text: string): boolean => others.every((other) => !other.includes(text))
      fc.pre(isApart(secret) && isApart(older))
      const folder = join(root, String(count++))
      const memory = createMemory({ folder, clock: systemClock })
      const notes = memory.of(ADA)
      for (const [i, other] of others.entries()) notes.save(`other-${i}`, `It is ${other}.`, 'main')
      notes.save('pass', `The word was ${older}.`, 'main')
      notes.save('pass', `The word is ${secret}.`, 'main')
      if (notes.search(secret, 5)[0]?.key !== 'pass') return false
      notes.erase('pass')
      const isGone = holding(folder, secret).length + holding(folder, older).length === 0
      const isKept = others.every((other) => notes.search(other, 50).length > 0)
      memory.close()
      return isGone && isKept
    }),
    { numRuns: 15 },
  )
})

t.test('a person, and nobody else', async (t) => {
  const folder = testdir(t)
  const memory = createMemory({ folder, clock: systemClock })
  memory.of(ADA).save('wifi', 'The password is zqswordfish.', 'main')
  memory.of(ADA).save('wifi', 'The password is zqtrout.', 'main')
  memory.of(BEN).save('wifi', 'The password is zqsalmon.', 'main')
  memory.of(ADA).forget()
  t.same([...holding(folder, 'zqswordfish'), ...holding(folder, 'zqtrout'), ...holding(folder, 'ada')], [])
  t.equal(memory.of(BEN).search('zqsalmon', 5).length, 1)
  t.same(memory.of(ADA).search('password', 5), [])
  memory.of(ADA).save('new', 'A new start.', 'main')
  t.equal(memory.of(ADA).search('start', 5).length, 1, 'they may come back')
  memory.close()
})

t.test('an engine that has the index open notices that another process removed it', async (t) => {
  const folder = testdir(t)
  const [engine, command] = [createMemory({ folder, clock: systemClock }), createMemory({ folder, clock: systemClock })]
  engine.of(ADA).save('wifi', 'The password is zqswordfish.', 'main')
  t.equal(engine.of(ADA).search('password', 5).length, 1)
  command.of(ADA).forget()
  t.same(engine.of(ADA).search('password', 5), [])
  engine.of(ADA).save('tea', 'Green tea.', 'main')
  t.same(
    engine
      .of(ADA)
      .search('tea password', 5)
      .map(({ key }) => key),
    ['tea'],
  )
  engine.close()
  command.close()
})
