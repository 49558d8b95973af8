// Long work in slices: it says where it may rest, and the code that drives it decides when, so that a reload of a huge
// configuration never stalls a chat.

/** Yields wherever it may be interrupted: often, as that costs next to nothing. */
export type Sliced<T> = Generator<void, T, void>

/** How long the event loop may be kept from others. */
const SLICE_MS = 2

/** Milliseconds of a clock that only goes forward. `performance` is one, too, but takes longer to load than a small validation. */
function ticks(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1_000 + nanoseconds / 1e6
}

/** When it was last let in. One for all work: many short stages in a row make a long one. */
let since = Number.NEGATIVE_INFINITY

const isTime = (): boolean => ticks() - since >= SLICE_MS

const breathe = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(() => {
      since = ticks()
      resolve()
    })
  })

/** Between two pieces of work, and in loops that wait for files: lets the event loop in when it is time. */
export const rest = (): Promise<void> | undefined => (isTime() ? breathe() : undefined)

/** The result, with the event loop let in whenever a slice has taken its time. */
export async function inSlices<T>(work: Sliced<T>): Promise<T> {
  for (;;) {
    const { done, value } = work.next()
    if (done === true) return value
    if (isTime()) await breathe()
  }
}

/** The result at once, for callers that nobody waits behind. */
export function atOnce<T>(work: Sliced<T>): T {
  for (;;) {
    const { done, value } = work.next()
    if (done === true) return value
  }
}

/** Maps a list in slices. */
export function* mapped<T, R>(list: readonly T[], map: (item: T, index: number) => R): Sliced<readonly R[]> {
  const made: R[] = []
  for (const [index, item] of list.entries()) {
    made.push(map(item, index))
    yield
  }
  return made
}
