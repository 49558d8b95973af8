// Bounds the memory of a process that runs for weeks. Where memory is plenty, V8 lets the old generation grow to four times what
// is in use before it collects, and the young one to 32 MB; a bot that uses 25 MB then holds 200. Flags given at the start
// would do, but anyone who starts the program would have to know them.

import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Both halves of the young generation: with less, what turns leave is looked at more often than that is worth. */
const YOUNG_BYTES = 4 * 1024 * 1024
const LOOK_EVERY_MS = 100
/** Busy with more than this share of the time between two looks: the first turns are here. */
const BUSY = 0.25

/** Once the start is over. Returns at once and acts when there is work. Leaves alone what the command line set. */
export function boundHeap(env: Readonly<Record<string, string | undefined>>): void {
  if (/semi-space|heap-growing|old-space/.test([...process.execArgv, env['NODE_OPTIONS']].join(' '))) return
  // The young generation stays as small as the start left it, for a bot that idles.
  growYoungBy(1)
  let before = process.cpuUsage()
  const timer = setInterval(() => {
    const { user, system } = process.cpuUsage(before)
    before = process.cpuUsage()
    if ((user + system) / 1000 < BUSY * LOOK_EVERY_MS) return
    clearInterval(timer)
    setFlagsFromString('--expose-gc')
    stretchYoung()
    // Waking helpers takes longer than to look through so little alone.
    setFlagsFromString('--no-parallel-scavenge')
    setFlagsFromString('--heap-growing-percent=30')
    // How far the heap may grow is computed again at the end of a collection.
    ;(runInNewContext('gc') as () => void)()
  }, LOOK_EVERY_MS)
  timer.unref()
}

const growYoungBy = (factor: 1 | 2): void => setFlagsFromString(`--semi-space-growth-factor=${factor}`)

/** V8 doubles the young generation once as much survived as it holds: it is made to, and then no more. */
function stretchYoung(): void {
  const size = (): number => getHeapSpaceStatistics().find((space) => space.space_name === 'new_space')?.space_size ?? 0
  const survivors: unknown[] = []
  growYoungBy(2)
  // A little at a time: between two looks there is at most one collection.
  for (let tries = 0; size() < YOUNG_BYTES && tries < 200; tries++)
    for (let n = 0; n < 16; n++) survivors.push(new Array(1024).fill(0))
  growYoungBy(1)
}
