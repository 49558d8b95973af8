import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { silentLogger } from '../../src/ports.ts'
import { lastLineAt } from '../../src/sessions/expiry.ts'
import { createTranscriptFiles } from '../../src/sessions/transcript.ts'
import type { TranscriptEntry } from '../../src/storage/ports.ts'
import { entry } from '../support/storage-world.ts'
import { testdir } from '../support/testdir.ts'

const day = (number: number): string => new Date(Date.UTC(2026, 0, number)).toISOString()
const at = (number: number): number => Date.parse(day(number))
const line = (id: string, number: number, more: Partial<TranscriptEntry> = {}): TranscriptEntry =>
  entry(id, 'user', { timestamp: day(number), ...more })
const idsIn = (path: string): string[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((text) => (JSON.parse(text) as TranscriptEntry).id)

t.test('the time of the last line that is one', (t) => {
  const path = join(testdir(t), 's.jsonl')
  t.equal(lastLineAt(path), null, 'no file')
  writeFileSync(path, '')
  t.equal(lastLineAt(path), null, 'no line')
  writeFileSync(path, `${JSON.stringify(line('a', 3))}\n${JSON.stringify(line('b', 2))}\nnonsense\n{"torn`)
  t.match(lastLineAt(path), { at: at(2) })
  t.end()
})

t.test('lines no turn reads any more are cut off, those of the window stay, whatever their age', async (t) => {
  const path = join(testdir(t), 's.jsonl')
  const files = createTranscriptFiles({ sync: false, log: silentLogger })
  t.teardown(() => files.close())
  await files.append(path, [line('a', 1), line('b', 2), line('c', 3), line('r', 4, { kind: 'reset' }), line('d', 4)])
  t.equal(await files.cut(path, at(1)), 0, 'nothing is old')
  const before = statSync(path).size
  const cut = await files.cut(path, at(20))
  t.strictSame(idsIn(path), ['r', 'd'])
  t.equal(statSync(path).size, before - cut)
  t.equal(statSync(path).mode & 0o777, 0o600)
  t.strictSame(
    files.load(path, 's').entries.map(({ id }) => id),
    ['r', 'd'],
  )
  await files.append(path, [line('d', 4), line('e', 5)])
  t.strictSame(idsIn(path), ['r', 'd', 'e'], 'ids still stand once')
})

t.test('what is appended while a long file is copied is kept', async (t) => {
  const path = join(testdir(t), 's.jsonl')
  const files = createTranscriptFiles({ sync: false, log: silentLogger })
  t.teardown(() => files.close())
  const long = 'x'.repeat(10_000)
  for (let number = 0; number < 300; number++) await files.append(path, [line(`old${number}`, 1, { content: long })])
  await files.append(path, [line('r', 2, { kind: 'reset' })])
  let done = false
  const cutting = files.cut(path, at(9)).finally(() => {
    done = true
  })
  const added: string[] = []
  while (!done) {
    added.push(`new${added.length}`)
    await files.append(path, [line(added.at(-1) as string, 3, { content: long })])
    await new Promise((resolve) => setImmediate(resolve))
  }
  t.ok((await cutting) > 3_000_000)
  await files.append(path, [line('last', 4)])
  t.strictSame(idsIn(path), ['r', ...added, 'last'])
})

t.test('a line that is no UTF-8 stops the cut instead of shifting it', async (t) => {
  const path = join(testdir(t), 's.jsonl')
  const files = createTranscriptFiles({ sync: false, log: silentLogger })
  t.teardown(() => files.close())
  await files.append(path, [line('a', 1)])
  appendFileSync(path, Buffer.concat([Buffer.from([0xff, 0xfe, 0xc3]), Buffer.from('\n')]))
  await files.append(path, [line('b', 1), line('r', 2, { kind: 'reset' }), line('d', 3)])
  const before = readFileSync(path)
  await files.cut(path, at(9))
  const after = readFileSync(path)
  t.ok(before.subarray(before.length - after.length).equals(after), 'the file is an end of what it was')
  t.strictSame(
    files.load(path, 's').entries.map(({ id }) => id),
    ['r', 'd'],
  )
})
