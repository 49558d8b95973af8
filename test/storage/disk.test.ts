// A disk that is full and a folder that can only be read: real ones, on a small tmpfs where mounting is allowed.

import { mkdirSync, readFileSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'
import t from 'tap'
import { ClawError } from '../../src/errors.ts'
import { claw } from '../support/process.ts'
import { fill, mountSmallDisk, NO_MOUNT, readOnlyView } from '../support/small-disk.ts'
import { answered, entry, inboxRow, openStorage } from '../support/storage-world.ts'
import { testdir } from '../support/testdir.ts'

void t.test('a full disk: a clear error, and what stood before still stands', { skip: NO_MOUNT }, async (t) => {
  const disk = mountSmallDisk(t)
  const storage = await openStorage(disk)
  await storage.inbox.post(inboxRow('s', 'm1'), 'k1')
  await storage.transcripts.append('s', 'main', [entry('e1')])
  const path = join(disk, 'agents', 'main', 'sessions', 's.jsonl')
  const before = readFileSync(path, 'utf8')
  const filler = join(disk, 'filler')
  fill(filler)

  const large = 'x'.repeat(300_000)
  const failures = await Promise.allSettled([
    storage.inbox.post(inboxRow('s', 'm2', { content: large }), 'k2'),
    storage.transcripts.append('s', 'main', [entry('e2', 'user', { content: large })]),
  ])
  for (const failure of failures) {
    t.equal(failure.status, 'rejected')
    if (failure.status !== 'rejected') continue
    t.ok(failure.reason instanceof ClawError)
    t.match(String(failure.reason), /disk that holds .* is full/)
  }
  t.equal(readFileSync(path, 'utf8'), before, 'half a line was taken back')
  t.equal(await storage.inbox.waiting('s'), 1)
  t.equal(await storage.inbox.known('k2').catch(() => null), null)

  rmSync(filler)
  await storage.inbox.post(inboxRow('s', 'm2'), 'k2')
  await storage.transcripts.append('s', 'main', [entry('e2')])
  for (const expected of ['m1', 'm2']) {
    const claim = await storage.inbox.claimNext('s')
    t.match(claim, { rows: [{ messageId: expected }] })
    if (claim !== null) await storage.inbox.finish(claim, answered(claim, 'ok'))
  }
  t.strictSame(
    (await storage.transcripts.load('s', 'main')).entries.map((one) => one.id),
    ['e1', 'e2'],
  )
  await storage.close()
})

void t.test('a folder that can only be read', { skip: NO_MOUNT }, async (t) => {
  const disk = mountSmallDisk(t)
  const storage = await openStorage(join(disk, 'state'))
  await storage.transcripts.append('s', 'main', [entry('e1')])
  await storage.close()
  const view = readOnlyView(t, disk)
  await t.rejects(openStorage(join(view, 'state')), { message: /cannot be written/ })
  await t.rejects(openStorage(join(view, 'other')), { message: /cannot be written/ })
  const again = await openStorage(join(disk, 'state'))
  t.strictSame(
    (await again.transcripts.load('s', 'main')).entries.map((one) => one.id),
    ['e1'],
  )
  await again.close()
})

void t.test('a disk with hardly any room: nothing is accepted that may not be finished', { skip: NO_MOUNT }, async (t) => {
  const disk = mountSmallDisk(t, 4)
  const storage = await openStorage(disk)
  t.teardown(() => storage.close())
  await storage.inbox.post(inboxRow('s', 'm1'), 'k1')
  const filler = join(disk, 'filler')
  fill(filler)
  // Room for a small row and its answer, and not for more.
  truncateSync(filler, statSync(filler).size - 40_000)
  await new Promise((resolve) => setTimeout(resolve, 1_050))
  await t.rejects(storage.inbox.post(inboxRow('s', 'm2'), 'k2'), { message: /is full/ })
  const claim = await storage.inbox.claimNext('s')
  await storage.transcripts.append('s', 'main', [entry('e1')])
  if (claim !== null) await storage.inbox.finish(claim, answered(claim, 'ok'))
  t.match(await storage.inbox.answer('s', 'm1'), { response: 'ok' }, 'what was accepted is finished')
  rmSync(filler)
  await storage.inbox.post(inboxRow('s', 'm2'), 'k2')
})

void t.test('another program locks the database: what is written waits, and nothing else does', async (t) => {
  const folder = testdir(t)
  const storage = await openStorage(folder)
  t.teardown(() => storage.close())
  const other = new DatabaseSync(join(folder, 'state.db'))
  other.exec('BEGIN IMMEDIATE')
  let done = false
  const posted = storage.inbox.post(inboxRow('s', 'm1'), 'k1').finally(() => {
    done = true
  })
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 5))
  t.equal(done, false)
  other.exec('COMMIT')
  other.close()
  t.match(await posted, { duplicate: false })
})

void t.test('a link in the place of a transcript is not followed', async (t) => {
  const folder = testdir(t, { 'mine.txt': 'mine\n' })
  const storage = await openStorage(join(folder, 'state'))
  t.teardown(() => storage.close())
  const sessions = join(folder, 'state/agents/main/sessions')
  mkdirSync(sessions, { recursive: true })
  symlinkSync(join(folder, 'mine.txt'), join(sessions, 's.jsonl'))
  await t.rejects(storage.transcripts.append('s', 'main', [entry('e1')]), { message: /is a link, which is not followed/ })
  t.equal(readFileSync(join(folder, 'mine.txt'), 'utf8'), 'mine\n')
})

void t.test('a start on a full disk ends with a code that a supervisor tries again after', { skip: NO_MOUNT }, async (t) => {
  const disk = mountSmallDisk(t, 1)
  writeFileSync(
    join(disk, 'openclaw.yaml'),
    'gateway: { port: 0 }\nmodels: { d: { provider: scripted } }\nagents: { main: { model: d, soul: S } }\n',
  )
  fill(join(disk, 'filler'))
  const { code, err } = await claw(['run'], { cwd: disk })
  t.equal(code, 75, err)
  t.match(err, /is full/)
})
