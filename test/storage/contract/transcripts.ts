// What was said in each session.

import { entry } from '../../support/storage-world.ts'
import { type Scenario, SESSION } from './scenario.ts'

async function ids(entries: AsyncIterable<{ readonly id: string }>): Promise<string[]> {
  const all: string[] = []
  for await (const { id } of entries) all.push(id)
  return all
}

export function transcriptContract(scenario: Scenario): void {
  scenario('a transcript keeps order and takes an id once', async (t, { transcripts }, { restart }) => {
    await transcripts.append(SESSION, 'main', [entry('e1'), entry('e2', 'assistant'), entry('e1')])
    await transcripts.append(SESSION, 'main', [entry('e2', 'assistant'), entry('e3')])
    t.strictSame((await transcripts.load(SESSION, 'main')).entries, [entry('e1'), entry('e2', 'assistant'), entry('e3')])
    t.strictSame(await ids(transcripts.export(SESSION, 'main')), ['e1', 'e2', 'e3'])
    t.strictSame((await transcripts.load('agent:main:main', 'main')).entries, [])
    t.match(await transcripts.list({ agentId: 'main' }), [{ key: SESSION, agentId: 'main' }])
    t.strictSame(await transcripts.list({ agentId: 'other' }), [])
    const after = (await restart()).transcripts
    await after.append(SESSION, 'main', [entry('e3'), entry('e4')])
    t.strictSame(await ids(after.export(SESSION, 'main')), ['e1', 'e2', 'e3', 'e4'])
  })

  scenario('a load begins at the last reset, or at what the last summary keeps', async (t, { transcripts }) => {
    const load = async (): Promise<string[]> => (await transcripts.load(SESSION, 'main')).entries.map((one) => one.id)
    await transcripts.append(SESSION, 'main', [entry('a'), entry('b', 'assistant'), entry('c'), entry('d', 'assistant')])
    await transcripts.append(SESSION, 'main', [entry('s', 'system', { kind: 'summary', keepFrom: 'c' }), entry('e')])
    t.strictSame(await load(), ['c', 'd', 's', 'e'])
    await transcripts.append(SESSION, 'main', [entry('r', 'system', { kind: 'reset' }), entry('f')])
    t.strictSame(await load(), ['r', 'f'])
    t.strictSame(await ids(transcripts.export(SESSION, 'main')), ['a', 'b', 'c', 'd', 's', 'e', 'r', 'f'])
  })

  scenario('a transcript that was removed is gone, and can be begun again', async (t, { transcripts }, { restart }) => {
    await transcripts.append(SESSION, 'main', [entry('a'), entry('b', 'assistant')])
    await transcripts.remove(SESSION, 'main')
    await transcripts.remove(SESSION, 'main')
    t.strictSame((await transcripts.load(SESSION, 'main')).entries, [])
    t.strictSame(await transcripts.list(), [])
    await transcripts.append(SESSION, 'main', [entry('a')])
    t.strictSame(await ids((await restart()).transcripts.export(SESSION, 'main')), ['a'])
  })

  scenario('a transcript expires by its last line', async (t, { transcripts }) => {
    const at = Date.parse('2026-01-01T00:00:00.000Z')
    t.equal((await transcripts.expire(SESSION, 'main', at)).outcome, 'kept', 'there is none')
    await transcripts.append(SESSION, 'main', [entry('a', 'user', { timestamp: '2020-01-01T00:00:00.000Z' }), entry('b')])
    t.equal((await transcripts.expire(SESSION, 'main', at)).outcome, 'kept')
    t.strictSame(await ids(transcripts.export(SESSION, 'main')), ['a', 'b'])
    const { outcome, bytes } = await transcripts.expire(SESSION, 'main', at + 1)
    t.equal(outcome, 'removed')
    t.ok(bytes > 0)
    t.strictSame(await transcripts.list(), [])
  })
}
