// A few hundred reloads of one bot under load; `node scripts/reload-soak.mjs` does ten thousand.

import t from 'tap'
import { type Sample, soakReloads } from '../support/reload-soak.ts'
import { testdir } from '../support/testdir.ts'

const RELOADS = 200

t.test('no turn lost, no heartbeat twice or missed, nothing left behind', { timeout: 170_000 }, async (t) => {
  const { samples, problems, ...figures } = await soakReloads(testdir(t, {}), RELOADS)
  t.comment(JSON.stringify({ ...figures, last: samples.at(-1) }))
  t.same(problems.slice(0, 10), [])
  t.equal(figures.refused, RELOADS / 10)
  t.equal(figures.reconnects, RELOADS / 20, 'Telegram was reconnected when it changed, and only then')
  t.ok(figures.messages > RELOADS)
  t.ok(figures.heartbeats >= 2 * RELOADS)

  const grown = (key: keyof Sample): number => samples.at(-1)![key] - samples[2]![key]
  t.equal(grown('listeners'), 0)
  t.equal(grown('watches'), 0)
  // Connections and turns of the moment: a few more or less.
  t.ok(grown('timers') < 10, `${grown('timers')} timers`)
  t.ok(grown('files') < 20, `${grown('files')} files`)
  // Transcripts are cached up to a bound that this few messages don't reach; a plan held for each reload would show.
  t.ok(grown('heapBytes') < 16_000_000, `${grown('heapBytes')} bytes`)
})
