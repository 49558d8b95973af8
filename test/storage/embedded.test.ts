// The embedded store against the contract, and what only it can get wrong: the lock, the file, the disk.

import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'
import t, { type Test } from 'tap'
import { ClawError } from '../../src/errors.ts'
import { openDatabase } from '../../src/storage/embedded/database.ts'
import { MIGRATIONS } from '../../src/storage/embedded/schema.ts'
import { entry, inboxRow, openStorage } from '../support/storage-world.ts'
import { testdir } from '../support/testdir.ts'
import { storageContract } from './contract/index.ts'

storageContract(t, 'embedded', async (t) => {
  const stateDir = testdir(t)
  return { open: () => openStorage(stateDir) }
})

storageContract(t, 'embedded, durable against power cuts', async (t) => {
  const stateDir = testdir(t)
  return { open: () => openStorage(stateDir, { durability: 'power' }) }
})

const refusal = async (t: Test, promise: Promise<unknown>): Promise<ClawError> => {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  t.ok(error instanceof ClawError, String(error))
  return error as ClawError
}

void t.test('a second engine is refused with the holder’s pid, and harms nothing', async (t) => {
  const stateDir = join(testdir(t), 'deep', 'state')
  const first = await openStorage(stateDir)
  const error = await refusal(t, openStorage(stateDir))
  t.match(error.message, `pid ${process.pid}`)
  t.match(error, { exitCode: 78, diagnostics: [{ code: 'CLAW503', path: '/stateDir' }] })
  await first.kv.set('still', 'works')
  await first.close()
  const second = await openStorage(stateDir)
  t.equal(await second.kv.get('still'), 'works')
  await second.close()
})

void t.test('a folder that cannot be one, and a database that is none', async (t) => {
  const stateDir = testdir(t, { file: 'x', damaged: { 'state.db': 'this is no database '.repeat(500) } })
  t.match((await refusal(t, openStorage(join(stateDir, 'file')))).message, /not a folder/)
  const damaged = await refusal(t, openStorage(join(stateDir, 'damaged')))
  t.match(damaged.message, /damaged/)
  t.match(damaged.message, /state\.db/)
  t.match(readFileSync(join(stateDir, 'damaged', 'state.db'), 'utf8'), /no database/, 'left as it is')
})

void t.test('a read-only folder', { skip: process.getuid?.() === 0 ? 'root writes everywhere' : false }, async (t) => {
  const stateDir = testdir(t, { ro: {} })
  chmodSync(join(stateDir, 'ro'), 0o500)
  t.teardown(() => chmodSync(join(stateDir, 'ro'), 0o700))
  t.match((await refusal(t, openStorage(join(stateDir, 'ro', 'state')))).message, /cannot be written/)
})

void t.test('a state of a newer version is left alone', async (t) => {
  const stateDir = testdir(t)
  const db = openDatabase({ stateDir, durability: 'process' })
  await db.write(() => db.sql('PRAGMA user_version = 999').run())
  await db.close()
  t.match((await refusal(t, openStorage(stateDir))).message, /newer version/)
})

void t.test('group commit', async (t) => {
  const db = openDatabase({ stateDir: testdir(t), durability: 'process' })
  t.teardown(() => db.close())
  const put = (key: string) => () => db.sql('INSERT INTO kv (key, value) VALUES (?, ?)').run(key, 'v').changes
  const count = (): unknown => db.sql('SELECT count(*) AS n FROM kv').get()?.['n']

  await t.test('one that throws undoes itself alone', async (t) => {
    const results = await Promise.allSettled([
      db.write(put('a')),
      db.write(() => {
        put('b')()
        throw new Error('mine')
      }),
      db.write(put('a')),
      db.write(put('c')),
    ])
    t.strictSame(
      results.map((one) => one.status),
      ['fulfilled', 'rejected', 'rejected', 'fulfilled'],
    )
    t.equal(count(), 2)
    await t.rejects(
      db.write(() => {
        put('alone')()
        throw new Error('mine')
      }),
      /mine/,
    )
    t.equal(count(), 2)
  })
  await t.test('nothing is written before its tick, all of it after', async (t) => {
    const writes = [db.write(put('d')), db.write(put('e'))]
    t.equal(count(), 2)
    await writes[0]
    t.equal(count(), 4)
    await Promise.all(writes)
  })
  await t.test('a closed database says so', async (t) => {
    const stateDir = testdir(t)
    const other = openDatabase({ stateDir, durability: 'process' })
    const pending = other.write(() => other.sql("INSERT INTO kv (key, value) VALUES ('x', 'y')").run())
    await other.close()
    await pending
    await t.rejects(
      other.write(() => 1),
      /closed/,
    )
  })
})

void t.test('halts fail closed', async (t) => {
  for (const [name, text] of Object.entries({ torn: '{"all":nul', shape: '{"all":true,"agents":{}}', empty: '', list: '[]' })) {
    const stateDir = testdir(t, { 'halts.json': text })
    const storage = await openStorage(stateDir)
    t.equal(storage.halts.cached.stopped.has('anyone'), true, name)
    await storage.halts.resume('anyone')
    t.equal(storage.halts.cached.stopped.has('anyone'), true, 'one agent alone cannot be told apart')
    await storage.halts.resume(undefined)
    t.equal(storage.halts.cached.stopped.has('anyone'), false)
    await storage.close()
    t.strictSame(JSON.parse(readFileSync(join(stateDir, 'halts.json'), 'utf8')), { all: null, agents: {} })
  }
})

void t.test('transcripts stand where INTERFACE says, also those with very long keys', async (t) => {
  const stateDir = testdir(t)
  const storage = await openStorage(stateDir)
  t.teardown(() => storage.close())
  const long = `agent:main:telegram:${'Ü'.repeat(200)}`
  await storage.transcripts.append('cron:morning', 'main', [entry('e1')])
  await storage.transcripts.append(long, 'main', [entry('e1')])
  t.ok(existsSync(join(stateDir, 'agents', 'main', 'sessions', 'cron%3Amorning.jsonl')))
  t.strictSame((await storage.transcripts.list()).map((one) => one.key).sort(), [long, 'cron:morning'].sort())
  mkdirSync(join(stateDir, 'agents', 'main', 'sessions', 'folder.jsonl'))
  writeFileSync(join(stateDir, 'agents', 'main', 'sessions', 'notes.txt'), 'x')
  t.equal((await storage.transcripts.list()).length, 2)
})

void t.test('a claim that was let go is taken up again', async (t) => {
  const storage = await openStorage(testdir(t))
  t.teardown(() => storage.close())
  await storage.inbox.post(inboxRow('s', 'm1'), 'k1')
  const runs = new Set<string | undefined>()
  let tries = 0
  const done = new Promise<void>((resolve) => {
    void storage.queue.start(
      async ({ session }) => {
        const claim = await storage.inbox.claimNext(session)
        tries++
        if (claim === null) return 'noop'
        runs.add(claim.run)
        t.equal(claim.resumed, tries > 1)
        if (tries === 1) throw new Error('the disk')
        await storage.inbox.finish(claim, { answers: [], outbox: [] })
        resolve()
        return 'done'
      },
      { realtime: 1, scheduled: 1, background: 1 },
    )
  })
  await storage.queue.enqueue({ session: 's', agentId: 'main', lane: 'realtime' })
  const alive = setInterval(() => {}, 1000)
  await done
  clearInterval(alive)
  t.equal(tries, 2)
  t.equal(runs.size, 1)
})

void t.test('a claim whose note went with a failed group is resumed all the same, and what waits is not forgotten', async (t) => {
  const storage = await openStorage(testdir(t))
  t.teardown(() => storage.close())
  for (const id of ['m1', 'm2']) await storage.inbox.post(inboxRow('s', id), id)
  const seen: unknown[] = []
  const done = new Promise<void>((resolve) => {
    void storage.queue.start(
      async ({ session }) => {
        const claim = await storage.inbox.claimNext(session)
        if (claim === null) return 'noop'
        seen.push([claim.rows.map((row) => row.messageId), claim.resumed, await storage.inbox.waiting(session)])
        if (seen.length === 1) {
          // The note that it was begun rides in this group.
          await t.rejects(storage.outbox.attempt(999))
          throw new Error('the disk')
        }
        await storage.inbox.finish(claim, { answers: [], outbox: [] })
        if (seen.length === 3) resolve()
        return 'done'
      },
      { realtime: 1, scheduled: 1, background: 1 },
    )
  })
  await storage.queue.enqueue({ session: 's', agentId: 'main', lane: 'realtime' })
  await Promise.race([done, new Promise((resolve) => setTimeout(resolve, 5000))])
  t.strictSame(seen, [
    [['m1'], false, 1],
    [['m1'], true, 1],
    [['m2'], false, 0],
  ])
})

void t.test('another program holds the database longer than is waited for: said, and the turn is tried again', async (t) => {
  const stateDir = testdir(t)
  const storage = await openStorage(stateDir)
  t.teardown(() => storage.close())
  await storage.inbox.post(inboxRow('s', 'm1'), 'k1')
  const failures: string[] = []
  let tries = 0
  const done = new Promise<void>((resolve) => {
    void storage.queue.start(
      async ({ session }) => {
        const claim = await storage.inbox.claimNext(session)
        if (claim === null) return 'noop'
        tries++
        const other = new DatabaseSync(join(stateDir, 'state.db'))
        if (tries === 1) other.exec('BEGIN IMMEDIATE')
        try {
          await storage.inbox.finish(claim, { answers: [], outbox: [] })
        } catch (error) {
          failures.push(String(error))
          // The queue is told while it is still held.
          setTimeout(() => other.close(), 100)
          throw error
        }
        other.close()
        resolve()
        return 'done'
      },
      { realtime: 1, scheduled: 1, background: 1 },
    )
  })
  await storage.queue.enqueue({ session: 's', agentId: 'main', lane: 'realtime' })
  const alive = setInterval(() => {}, 1000)
  await done
  clearInterval(alive)
  t.match(failures, [/Another program holds .*state\.db/])
  t.equal(tries, 2)
})

void t.test('a state folder of the first version is brought up to date, with all that waits in it', async (t) => {
  const stateDir = testdir(t)
  const old = new DatabaseSync(join(stateDir, 'state.db'))
  old.exec(MIGRATIONS[0] ?? '')
  old.exec('PRAGMA user_version = 1')
  old.exec(`INSERT INTO outbox (key, session, agent_id, target, target_key, content, created_at, next_at)
    VALUES ('o1', 's', 'main', '{"channelId":"telegram","userId":"1"}', 'k', 'still waiting', 1, 1)`)
  old.exec(`INSERT INTO answers VALUES ('s', 'm1', 'main', 'still known', 0, ${Date.now()})`)
  old.close()
  const storage = await openStorage(stateDir)
  t.teardown(() => storage.close())
  const due = async (now: number) => (await storage.outbox.due(now, 10)).rows
  t.match(await due(2), [{ key: 'o1', content: 'still waiting', attachments: undefined }])
  t.match(await storage.inbox.answer('s', 'm1'), { response: 'still known' })
  const file = await storage.files.put({ name: 'a', kind: 'document', mediaType: 'text/plain' }, Buffer.from('a'))
  await storage.outbox.put({
    key: 'o2',
    session: 's',
    agentId: 'main',
    target: { channelId: 'x' },
    content: '',
    attachments: [file],
  })
  t.match((await due(Date.now()))[1]?.attachments, [file])
})

void t.test('files of replies are forgotten after a month, and only they', async (t) => {
  const stateDir = testdir(t)
  const storage = await openStorage(stateDir)
  t.teardown(() => storage.close())
  const { id } = await storage.files.put({ name: 'a', kind: 'document', mediaType: 'text/plain' }, Buffer.from('a'))
  await storage.clean(Date.now())
  t.ok(await storage.files.read(id))
  await storage.clean(Date.now() + 31 * 24 * 3_600_000)
  t.equal(await storage.files.read(id), null)
  t.ok(existsSync(join(stateDir, 'state.db')))
})
