// Transcript files: what is appended, what is loaded, and what happens to files that were torn, damaged or edited.

import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { silentLogger } from '../../src/ports.ts'
import { createTranscriptFiles, readTranscript, type TranscriptFiles } from '../../src/sessions/transcript.ts'
import type { TranscriptEntry } from '../../src/storage/ports.ts'
import { entry } from '../support/storage-world.ts'
import { testdir } from '../support/testdir.ts'

const fresh = (cacheBytes?: number): TranscriptFiles =>
  createTranscriptFiles({ sync: false, log: silentLogger, ...(cacheBytes === undefined ? {} : { cacheBytes }) })

const formatEntry = (one: TranscriptEntry): string => `${JSON.stringify(one)}\n`

const idsOf = (transcripts: TranscriptFiles, path: string): string[] => transcripts.load(path, 's').entries.map((one) => one.id)

async function all(path: string): Promise<string[]> {
  const ids: string[] = []
  for await (const { id } of readTranscript(path)) ids.push(id)
  return ids
}

void t.test('entries come back as they were, from the cache and from the disk', async (t) => {
  const path = join(testdir(t), 'a', 'b', 's.jsonl')
  const entries: TranscriptEntry[] = [
    entry('e1', 'user', { content: 'line\nbreak \u2028 \0 😀 Ü' }),
    entry('e2', 'assistant', {
      content: [{ type: 'text', text: 'x'.repeat(200_000) }],
      usage: { input: 1, output: 2, cacheRead: 3, cacheWrite: 4 },
    }),
  ]
  const one = fresh()
  await one.append(path, entries)
  t.strictSame(one.load(path, 's').entries, entries)
  t.strictSame(fresh().load(path, 's').entries, entries)
  t.strictSame(await all(path), ['e1', 'e2'])
  t.equal(statSync(path).mode & 0o777, 0o600)
  t.strictSame(idsOf(one, join(t.testdirName, 'none.jsonl')), [])
  t.strictSame(await all(join(t.testdirName, 'none.jsonl')), [])
})

void t.test('an id stands once, also after a restart in mid-turn behind a summary', async (t) => {
  const path = join(testdir(t), 's.jsonl')
  const run = { run: 'r1' }
  const one = fresh()
  await one.append(path, [entry('old', 'user', { run: 'r0' }), entry('r1.u', 'user', run), entry('r1.a0', 'assistant', run)])
  await one.append(path, [entry('sum', 'system', { kind: 'summary' }), entry('r1.a1', 'assistant', run)])
  await one.append(path, [entry('r1.u', 'user', run)])
  const size = statSync(path).size
  await fresh().append(path, [entry('r1.u', 'user', run), entry('r1.a1', 'assistant', run)])
  t.equal(statSync(path).size, size)
  t.strictSame(await all(path), ['old', 'r1.u', 'r1.a0', 'sum', 'r1.a1'])
})

void t.test('a torn last line is set aside and costs nothing else', async (t) => {
  const whole = formatEntry(entry('e1')) + formatEntry(entry('e2', 'assistant'))
  const last = formatEntry(entry('e3'))
  for (let cut = 1; cut < last.length - 1; cut += 7) {
    const path = join(testdir(t, { 's.jsonl': whole + last.slice(0, cut) }), 's.jsonl')
    const transcript = fresh().load(path, 's')
    t.strictSame(
      transcript.entries.map((one) => one.id),
      ['e1', 'e2'],
      `cut at ${cut}`,
    )
    t.match(transcript.damage, [/torn/])
    t.equal(readFileSync(path, 'utf8'), whole)
    t.equal(readFileSync(`${path}.torn`, 'utf8'), `${last.slice(0, cut)}\n`)
    await fresh().append(path, [entry('e3')])
    t.strictSame(await all(path), ['e1', 'e2', 'e3'])
  }
})

void t.test('a last line that only lacks its newline is kept', async (t) => {
  const path = join(testdir(t, { 's.jsonl': formatEntry(entry('e1')).trimEnd() }), 's.jsonl')
  const one = fresh()
  t.strictSame(idsOf(one, path), ['e1'])
  await one.append(path, [entry('e2')])
  t.strictSame(idsOf(one, path), ['e1', 'e2'])
  t.strictSame(idsOf(fresh(), path), ['e1', 'e2'])
  t.notOk(existsSync(`${path}.torn`))
})

void t.test('NULs and hand-made nonsense are passed over with a report', async (t) => {
  const nonsense = [
    'not json',
    '{"id":"x"}',
    '[]',
    'null',
    '42',
    '{"id":7,"role":"user","content":"a","timestamp":"2026-01-01T00:00:00Z"}',
    '{"id":"x","role":"king","content":"a","timestamp":"2026-01-01T00:00:00Z"}',
    '{"id":"x","role":"user","content":"a","timestamp":"yesterday"}',
    '{"id":"x","role":"user","content":[{"type":"text"}],"timestamp":"2026-01-01T00:00:00Z"}',
    '{"id":"x","role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":{}}],"timestamp":"2026-01-01T00:00:00Z"}',
    '{"id":"x","role":"system","kind":"trim","trimmed":"all","content":"a","timestamp":"2026-01-01T00:00:00Z"}',
    formatEntry(entry('e1')).trimEnd(),
    '\0\0\0\0',
  ]
  const text = `${formatEntry(entry('e1'))}${nonsense.join('\n')}\n\0\0\0${formatEntry(entry('e2'))}`
  const path = join(testdir(t, { 's.jsonl': text }), 's.jsonl')
  const transcript = fresh().load(path, 's')
  t.strictSame(
    transcript.entries.map((one) => one.id),
    ['e1', 'e2'],
  )
  t.equal(transcript.damage.length, nonsense.length - 1)
  t.equal(readFileSync(path, 'utf8'), text, 'nothing that stands is rewritten')
})

void t.test('any bytes at all load without a crash, and what was good stays', async (t) => {
  const path = join(testdir(t), 's.jsonl')
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.boolean(), async (bytes, newline) => {
      writeFileSync(
        path,
        Buffer.concat([Buffer.from(formatEntry(entry('e1'))), Buffer.from(bytes), Buffer.from(newline ? '\n' : '')]),
      )
      const one = fresh()
      one.load(path, 's')
      await one.append(path, [entry('e2')])
      const ids = fresh()
        .load(path, 's')
        .entries.map((each) => each.id)
      return ids[0] === 'e1' && ids.at(-1) === 'e2'
    }),
    { numRuns: 200 },
  )
})

void t.test('a file changed outside is read again', async (t) => {
  const path = join(testdir(t), 's.jsonl')
  const one = fresh()
  // Files are looked at once a turn of the event loop.
  const later = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  await one.append(path, [entry('e1'), entry('e2')])
  appendFileSync(path, formatEntry(entry('by-hand')))
  await later()
  t.strictSame(idsOf(one, path), ['e1', 'e2', 'by-hand'])
  await one.append(path, [entry('e3')])
  t.strictSame(idsOf(one, path), ['e1', 'e2', 'by-hand', 'e3'])
  const edited = readFileSync(path, 'utf8').replace('words of e1', 'words of E1')
  writeFileSync(path, edited)
  utimesSync(path, new Date(), new Date(Date.now() + 5000))
  await later()
  t.equal(one.load(path, 's').entries[0]?.content, 'words of E1', 'same size, other time')
  truncateSync(path, 0)
  await later()
  t.strictSame(idsOf(one, path), [])
  await one.append(path, [entry('e1')])
  t.strictSame(await all(path), ['e1'])
})

void t.test('a file that was put in place of another, or taken away, is the one that is appended to', async (t) => {
  const path = join(testdir(t), 's.jsonl')
  const one = fresh()
  const nextLook = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))
  await one.append(path, [entry('e1'), entry('e2', 'assistant')])
  await nextLook()
  writeFileSync(`${path}.new`, formatEntry(entry('mine')))
  renameSync(`${path}.new`, path)
  await one.append(path, [entry('e3', 'assistant')])
  t.strictSame(await all(path), ['mine', 'e3'])
  await nextLook()
  rmSync(path)
  await one.append(path, [entry('e4')])
  t.strictSame(await all(path), ['e4'])
  one.close()
})

void t.test('however many sessions speak, few files stay open, and none when it is closed', async (t) => {
  const folder = testdir(t)
  const openHere = (): number =>
    readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder)
      } catch {
        return false
      }
    }).length
  if (!existsSync('/proc/self/fd')) return t.comment('this system does not list open files')
  const one = fresh()
  for (let round = 0; round < 2; round++)
    for (let n = 0; n < 100; n++) await one.append(join(folder, `${n}.jsonl`), [entry(`e${round}`)])
  t.ok(openHere() > 0 && openHere() <= 32, `${openHere()} open`)
  for (let n = 0; n < 100; n++) t.strictSame(await all(join(folder, `${n}.jsonl`)), ['e0', 'e1'])
  one.close()
  t.equal(openHere(), 0)
})

void t.test('where the disk is waited for, appends to one file do not shut it for each other', async (t) => {
  const transcripts = createTranscriptFiles({ sync: true, log: silentLogger })
  const path = join(testdir(t), 's.jsonl')
  const ids = Array.from({ length: 40 }, (_, n) => `e${n}`)
  await Promise.all(ids.map((id) => transcripts.append(path, [entry(id)])))
  t.same(await all(path), ids)
  transcripts.close()
})

void t.test('what is loaded is the same from the cache and from the disk, whatever was appended', async (t) => {
  const dir = testdir(t)
  let file = 0
  const kinds = fc.constantFrom('user', 'assistant', 'summary', 'summary-all', 'summary-lost', 'reset', 'note', 'trim')
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(kinds, fc.nat(8)), { maxLength: 40 }), async (steps) => {
      const path = join(dir, `${file++}.jsonl`)
      const one = fresh()
      const ids: string[] = []
      for (const [kind, back] of steps) {
        const id = `e${ids.length}`
        // A summary keeps what was loaded, never more.
        const keepFrom = one.load(path, 's').entries.at(-1 - back)?.id
        const made =
          kind === 'user' || kind === 'assistant'
            ? entry(id, kind, { content: 'x'.repeat(back * 9000) })
            : kind.startsWith('summary')
              ? entry(id, 'system', {
                  kind: 'summary',
                  ...(kind === 'summary' && keepFrom !== undefined
                    ? { keepFrom }
                    : kind === 'summary-lost'
                      ? { keepFrom: 'nowhere' }
                      : {}),
                })
              : entry(id, 'system', { kind: kind as 'reset' | 'note' | 'trim' })
        await one.append(path, [made])
        ids.push(id)
      }
      const cached = one.load(path, 's')
      const read = fresh().load(path, 's')
      t.strictSame(cached.entries, read.entries)
      t.equal(cached.skippedBytes, read.skippedBytes)
    }),
    { numRuns: 100 },
  )
})

void t.test('the end of a long file opens without reading its past', async (t) => {
  const path = join(testdir(t), 's.jsonl')
  const line = (n: number): string =>
    formatEntry(entry(`e${n}`, n % 2 === 0 ? 'user' : 'assistant', { content: 'word '.repeat(40) }))
  const past = Array.from({ length: 20_000 }, (_, n) => line(n)).join('')
  writeFileSync(path, `${past}${formatEntry(entry('sum', 'system', { kind: 'summary', keepFrom: 'e19990' }))}${line(20_000)}`)
  const transcript = fresh().load(path, 's')
  t.equal(transcript.entries.length, 12)
  t.ok(transcript.skippedBytes > 0.99 * Buffer.byteLength(past))
  t.equal(readFileSync(path).subarray(transcript.skippedBytes).toString('utf8').split('\n')[0], line(19_990).trimEnd())
})

void t.test('a summary that points at nothing stands for all before it, and that is reported', (t) => {
  const path = join(testdir(t), 's.jsonl')
  writeFileSync(
    path,
    [entry('e1'), entry('sum', 'system', { kind: 'summary', keepFrom: 'gone' }), entry('e2')].map(formatEntry).join(''),
  )
  const { entries, damage } = fresh().load(path, 's')
  t.same(
    entries.map((one) => one.id),
    ['sum', 'e2'],
  )
  t.match(damage, [/keeps what follows gone, which is not in the file/])
  t.end()
})

void t.test('the cache keeps within its bound', async (t) => {
  const dir = testdir(t)
  const one = fresh(50_000)
  for (let n = 0; n < 40; n++) {
    await one.append(join(dir, `${n}.jsonl`), [entry('e', 'user', { content: 'x'.repeat(5000) })])
    t.ok(one.cachedBytes() <= 50_000)
  }
  for (let n = 0; n < 40; n++) t.strictSame(idsOf(one, join(dir, `${n}.jsonl`)), ['e'])
})
