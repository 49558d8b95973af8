// Long work in slices: it says where it may rest, and whoever drives it decides when, so that a reload of a huge
// configuration never stalls a chat.

/** Yields wherever it may be interrupted: often, as that costs next to nothing. */
export type Sliced<T> = Generator<void, T, void>

/** How long the event loop may be kept from others. */
const SLICE_MS = 4

const breathe = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

/** The result, with the event loop let in whenever a slice has taken its time. */
export async function inSlices<T>(work: Sliced<T>): Promise<T> {
  let since = performance.now()
  for (;;) {
    const { done, value } = work.next()
    if (done === true) return value
    if (performance.now() - since < SLICE_MS) continue
    await breathe()
    since = performance.now()
  }
}

/** The result at once, for callers that nobody waits behind. */
export function atOnce<T>(work: Sliced<T>): T {
  for (;;) {
    const { done, value } = work.next()
    if (done === true) return value
  }
}

/** For loops that wait for files: `await rest()` between two items lets the event loop in when it is time. */
export function createRest(): () => Promise<void> | undefined {
  let since = performance.now()
  return () => {
    if (performance.now() - since < SLICE_MS) return undefined
    return breathe().then(() => {
      since = performance.now()
    })
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
