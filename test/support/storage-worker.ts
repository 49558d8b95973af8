// A process that works on a state folder until it is killed: posts, claims, journals, appends, finishes. What it knows to be
// stored it says on its output, a line each, so that the test can hold the disk against it.

import { writeSync } from 'node:fs'
import { entry, inboxRow, openStorage, outboxRow } from './storage-world.ts'

const [stateDir = '', round = '0'] = process.argv.slice(2)
const SESSIONS = ['agent:main:http:a', 'agent:main:http:b', 'agent:main:http:c']
const say = (line: string): void => void writeSync(1, `${line}\n`)

const storage = await openStorage(stateDir)

await storage.queue.start(
  async ({ session }) => {
    const claim = await storage.inbox.claimNext(session)
    if (claim === null) return 'noop'
    for (const row of claim.rows) {
      await storage.transcripts.append(session, 'main', [
        entry(`${claim.run}.u`, 'user', { content: row.messageId, run: claim.run }),
      ])
      const answer = await storage.journal.step(claim.run, 'model', async () => {
        say(`made ${claim.run}`)
        return `answer to ${row.messageId}`
      })
      say(`stepped ${claim.run}`)
      await storage.transcripts.append(session, 'main', [
        entry(`${claim.run}.a`, 'assistant', { content: answer, run: claim.run }),
      ])
      const answers = [{ agentId: 'main', session, messageId: row.messageId, response: answer }]
      await storage.inbox.finish(claim, {
        answers,
        outbox: [outboxRow(`reply:${claim.run}`, { session, content: row.messageId })],
      })
      say(`finished ${row.messageId}`)
    }
    return 'done'
  },
  { realtime: 2, scheduled: 1, background: 1 },
)
for (const token of await storage.inbox.pending()) await storage.queue.enqueue(token)
say('ready')

for (let n = 0; ; n++) {
  await Promise.all(
    SESSIONS.map(async (session) => {
      const messageId = `${round}-${session.at(-1)}-${n}`
      await storage.inbox.post(inboxRow(session, messageId), messageId)
      say(`posted ${session} ${messageId}`)
      await storage.queue.enqueue({ session, agentId: 'main', lane: 'realtime' })
    }),
  )
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 2))
}
