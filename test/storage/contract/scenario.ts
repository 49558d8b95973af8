// How the contract's scenarios reach a store: through promises alone, as one or several processes that share its state.

import type { Test } from 'tap'
import type { Claim, Storage } from '../../../src/storage/ports.ts'

export interface ContractWorld {
  /** Another process opens the state. */
  open(): Promise<Storage>
}

export interface Processes {
  /** The process is gone, another one opens the same state. */
  restart(): Promise<Storage>
  /** A second one beside it; only where a store can be shared. */
  second(): Promise<Storage>
}

/** Adds one scenario, each on a state of its own. */
export type Scenario = (title: string, run: (t: Test, storage: Storage, processes: Processes) => Promise<void>) => void

export const scenarios =
  (t: Test, make: (t: Test) => Promise<ContractWorld>): Scenario =>
  (title, run) =>
    void t.test(title, async (t) => {
      const world = await make(t)
      const open: Storage[] = [await world.open()]
      t.teardown(async () => {
        for (const storage of open) await storage.close()
      })
      await run(t, open[0] as Storage, {
        async restart() {
          await open.pop()?.close()
          const next = await world.open()
          open.push(next)
          return next
        },
        async second() {
          const next = await world.open()
          open.unshift(next)
          return next
        },
      })
    })

export const SESSION = 'agent:main:telegram:1'

export function claimed(claim: Claim | null): Claim {
  if (claim === null) throw new Error('a claim was expected')
  return claim
}
