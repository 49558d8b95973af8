// A process killed at random moments: whatever it said was stored is there, in order, once, and the rest goes on.

import { spawn } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { messagesOf } from '../../src/sessions/messages.ts'
import type { Storage } from '../../src/storage/ports.ts'
import { checkMessages } from '../support/messages-validator.ts'
import { answered, entry, openStorage, outboxRow } from '../support/storage-world.ts'
import { testdir } from '../support/testdir.ts'

const WORKER = join(dirname(fileURLToPath(import.meta.url)), '..', 'support', 'storage-worker.js')
const KILLS = Number(process.env['STORAGE_KILLS'] ?? 20)

/** Runs the worker a random while after it is ready, kills it; gives what it said. */
async function killed(stateDir: string, round: number): Promise<readonly string[]> {
  const child = spawn(process.execPath, [WORKER, stateDir, String(round)], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  let armed = false
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString('utf8')
    if (armed || !output.includes('ready')) return
    armed = true
    setTimeout(() => child.kill('SIGKILL'), Math.random() * 60)
  })
  await new Promise((resolve) => child.once('close', resolve))
  // The last line may be cut off.
  return output.split('\n').slice(0, -1)
}

/** Ends what a killed process left, as the next engine would. */
async function finishAll(storage: Storage): Promise<void> {
  for (const { session } of await storage.inbox.pending()) {
    for (let claim = await storage.inbox.claimNext(session); claim !== null; ) {
      const { run } = claim
      const id = claim.rows[0]?.messageId ?? ''
      await storage.transcripts.append(session, 'main', [entry(`${run}.u`, 'user', { content: id, run })])
      await storage.transcripts.append(session, 'main', [entry(`${run}.a`, 'assistant', { content: `answer to ${id}`, run })])
      await storage.inbox.finish(claim, {
        ...answered(claim, `answer to ${id}`),
        outbox: [outboxRow(`reply:${run}`, { session, content: id })],
      })
      claim = await storage.inbox.claimNext(session)
    }
  }
}

void t.test(`${KILLS} kills`, async (t) => {
  const stateDir = testdir(t)
  const lines: string[] = []
  for (let round = 0; round < KILLS; round++) lines.push(...(await killed(stateDir, round)))

  const storage = await openStorage(stateDir)
  t.teardown(() => storage.close())
  await finishAll(storage)

  const posted = new Map<string, string[]>()
  for (const [verb, session = '', id = ''] of lines.map((line) => line.split(' '))) {
    if (verb === 'posted') posted.set(session, [...(posted.get(session) ?? []), id])
  }
  t.equal(posted.size, 3)
  const sent: string[] = []
  for (;;) {
    const { rows } = await storage.outbox.due(Date.now() + 1e6, 1e6)
    if (rows.length === 0) break
    sent.push(...rows.map((row) => row.content))
    await Promise.all(rows.map(({ seq }) => storage.outbox.sent(seq)))
  }
  t.equal(new Set(sent).size, sent.length, 'no reply twice')
  for (const [session, ids] of posted) {
    const heard: string[] = []
    const all: { role: string; content: unknown }[] = []
    for await (const one of storage.transcripts.export(session, 'main')) {
      all.push(one)
      if (one.role === 'user') heard.push(String(one.content))
    }
    t.equal(new Set(heard).size, heard.length, 'no message twice')
    t.strictSame(
      heard.filter((id) => ids.includes(id)),
      ids,
      'nothing lost, order kept',
    )
    t.ok(
      heard.every((id) => sent.includes(id)),
      'each has its reply',
    )
    for (const id of ids)
      if ((await storage.inbox.answer(session, id))?.response !== `answer to ${id}`) t.fail(`no answer to ${id}`)
    t.strictSame(
      all.map((one) => one.role),
      heard.flatMap(() => ['user', 'assistant']),
      'turns are whole',
    )
    const { entries } = await storage.transcripts.load(session, 'main')
    t.equal(checkMessages(messagesOf({ entries }), { last: 'any' }), null)
  }
  const stepped = new Set(lines.filter((line) => line.startsWith('stepped ')))
  const madeAgain = lines.filter(
    (line, at) => line.startsWith('made ') && lines.slice(0, at).includes(line.replace('made', 'stepped')),
  )
  t.strictSame(madeAgain, [], 'a finished step is not made again')
  t.ok(stepped.size > 0)
})
