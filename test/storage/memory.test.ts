// The store that lives as long as the process, against the contract; several engines may share its state.

import t from 'tap'
import { silentLogger, systemClock, systemRandom } from '../../src/ports.ts'
import { createMemoryState, createMemoryStorage } from '../../src/storage/memory/storage.ts'
import { storageContract } from './contract/index.ts'

const world = { stateDir: '', clock: systemClock, random: systemRandom, log: silentLogger }

storageContract(
  t,
  'memory',
  async () => {
    const state = createMemoryState(world)
    return { open: async () => createMemoryStorage(world, state) }
  },
  { shared: true },
)
