// A disk that is full and a folder that can only be read: real ones, on a small tmpfs where mounting is allowed.

import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ClawError } from '../../src/errors.ts'
import { fill, mountSmallDisk, NO_MOUNT, readOnlyView } from '../support/small-disk.ts'
import { answered, entry, inboxRow, openStorage } from '../support/storage-world.ts'

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
