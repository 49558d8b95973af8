// Bounds the heap of a process that runs for weeks. Where memory is plenty, V8 lets the old generation grow to four times what
// is in use before it collects, and the young one to 32 MB; a bot that uses 25 MB then holds 200. Flags given at the start
// would do, but whoever starts the program would have to know them.

import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** With less than this, young objects are looked at more often than that is worth. */
const YOUNG_BYTES = 8 * 1024 * 1024
const LOOK_EVERY_MS = 100

/** Returns at once and acts a little later, outside the start, once. Leaves alone what the command line set. */
export function boundHeap(env: Readonly<Record<string, string | undefined>>): void {
  if (/semi-space|heap-growing|old-space/.test([...process.execArgv, env['NODE_OPTIONS']].join(' '))) return
  const timer = setInterval(() => {
    const young = getHeapSpaceStatistics().find((space) => space.space_name === 'new_space')?.space_size ?? 0
    if (young < YOUNG_BYTES) return
    clearInterval(timer)
    setFlagsFromString('--semi-space-growth-factor=1')
    setFlagsFromString('--heap-growing-percent=30')
    // How far the heap may grow is reckoned anew at the end of a collection.
    setFlagsFromString('--expose-gc')
    ;(runInNewContext('gc') as () => void)()
  }, LOOK_EVERY_MS)
  timer.unref()
}
