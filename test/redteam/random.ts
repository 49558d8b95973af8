// Seeded randomness for generators: the same seed makes the same attempts.

import { seeded } from '../permissions/shell/helpers.ts'

export class Random {
  readonly #next: () => number

  constructor(seed: number) {
    this.#next = seeded(seed)
  }

  /** From 0 up to, not including, a bound. */
  below(bound: number): number {
    return Math.floor(this.#next() * bound)
  }

  chance(share: number): boolean {
    return this.#next() < share
  }

  pick<Item>(items: readonly Item[]): Item {
    if (items.length === 0) throw new Error('Nothing to pick from.')
    return items[this.below(items.length)] as Item
  }

  /** Up to a number of different ones, in any order. */
  some<Item>(items: readonly Item[], most: number): readonly Item[] {
    const left = [...items]
    return Array.from(
      { length: Math.min(this.below(most + 1), items.length) },
      () => left.splice(this.below(left.length), 1)[0] as Item,
    )
  }
}
