import t from 'tap'
import { createFreshRows } from '../../src/storage/embedded/fresh-rows.ts'
import type { InboxRow } from '../../src/storage/ports.ts'

const row = (seq: number, session = 's'): InboxRow => ({
  session,
  seq,
  attempts: 1,
  agentId: 'main',
  lane: 'realtime',
  messageId: `m${seq}`,
  content: 'hi',
  kind: 'message',
  receivedAt: seq,
})

t.test('the oldest row is known as long as all that wait are known', async (t) => {
  const fresh = createFreshRows()
  fresh.add(row(1), 'r1')
  fresh.add(row(2), 'r2')
  t.equal(fresh.first('s', 3), undefined, 'the table has one more')
  t.equal(fresh.first('s', 2)?.run, 'r1')
  fresh.claimed([row(1)])
  t.equal(fresh.first('s', 1)?.row.seq, 2)
  t.equal(fresh.first('other', 0), undefined)
})

t.test('a claim that was not finished is for the table to know', async (t) => {
  const fresh = createFreshRows()
  fresh.add(row(1), 'r1')
  fresh.claimed([row(1)])
  fresh.left('s')
  fresh.add(row(2), 'r2')
  t.equal(fresh.first('s', 1), undefined)
  fresh.finished([row(1)])
  t.equal(fresh.first('s', 1)?.row.seq, 2)
})

t.test('unanswered until finished, by session', async (t) => {
  const fresh = createFreshRows()
  t.notOk(fresh.isUnanswered('s', 'm1'))
  fresh.add(row(1), 'r1')
  t.ok(fresh.isUnanswered('s', 'm1'))
  t.notOk(fresh.isUnanswered('t', 'm1'))
  fresh.claimed([row(1)])
  t.ok(fresh.isUnanswered('s', 'm1'))
  fresh.finished([row(1)])
  t.notOk(fresh.isUnanswered('s', 'm1'))
})

t.test('a burst is not kept twice', async (t) => {
  const fresh = createFreshRows()
  for (let seq = 1; seq <= 5_000; seq++) fresh.add(row(seq, `s${seq}`), `r${seq}`)
  t.equal(fresh.first('s1000', 1)?.row.seq, 1_000)
  t.equal(fresh.first('s1001', 1), undefined)
  fresh.claimed([row(1, 's1')])
  fresh.add(row(5_001, 's5001'), 'r5001')
  t.equal(fresh.first('s5001', 1)?.row.seq, 5_001, 'room again')
})
