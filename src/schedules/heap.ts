// A heap: the earliest entry first, however many there are.

export interface Heap<T> {
  push(item: T): void
  peek(): T | undefined
  pop(): T | undefined
  readonly size: number
}

export function createHeap<T>(isBefore: (a: T, b: T) => boolean): Heap<T> {
  const items: T[] = []
  const at = (index: number): T => items[index] as T
  const swap = (a: number, b: number): void => {
    const kept = at(a)
    items[a] = at(b)
    items[b] = kept
  }
  return {
    get size() {
      return items.length
    },
    peek: () => items[0],
    push(item) {
      items.push(item)
      for (let i = items.length - 1; i > 0; ) {
        const parent = (i - 1) >> 1
        if (!isBefore(at(i), at(parent))) break
        swap(i, parent)
        i = parent
      }
    },
    pop() {
      const first = items[0]
      const last = items.pop()
      if (items.length === 0 || last === undefined) return first
      items[0] = last
      for (let i = 0; ; ) {
        let least = i
        for (const child of [2 * i + 1, 2 * i + 2]) if (child < items.length && isBefore(at(child), at(least))) least = child
        if (least === i) return first
        swap(i, least)
        i = least
      }
    },
  }
}
