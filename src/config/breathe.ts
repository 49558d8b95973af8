// Long work in slices: between two of them the event loop may do what waits, so that a reload never stalls a chat.

export const breathe = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

/** Maps a list, letting the event loop run after every `size` items. */
export async function mapInSlices<T, R>(
  list: readonly T[],
  size: number,
  map: (item: T, index: number) => R,
): Promise<readonly R[]> {
  const made: R[] = []
  for (const [index, item] of list.entries()) {
    if (index > 0 && index % size === 0) await breathe()
    made.push(map(item, index))
  }
  return made
}
