// What every store must keep, written against the ports alone and through promises alone, so that nothing needs to be seen within
// a tick. An adapter's test gives a way to open one state, close it and open it again.

import type { Test } from 'tap'
import { inboxContract, sharedInboxContract } from './inbox.ts'
import { outboxContract } from './outbox.ts'
import { peopleContract } from './people.ts'
import { type ContractWorld, scenarios } from './scenario.ts'
import { transcriptContract } from './transcripts.ts'
import { sharedWorkContract, workContract } from './work.ts'

export interface ContractOptions {
  /** Several processes may have the state open at a time. */
  readonly shared?: boolean
}

export function storageContract(
  t: Test,
  name: string,
  make: (t: Test) => Promise<ContractWorld>,
  { shared = false }: ContractOptions = {},
): void {
  void t.test(`${name}: contract`, async (t) => {
    const scenario = scenarios(t, make)
    for (const contract of [inboxContract, transcriptContract, outboxContract, workContract, peopleContract]) contract(scenario)
    if (shared) for (const contract of [sharedInboxContract, sharedWorkContract]) contract(scenario)
  })
}
