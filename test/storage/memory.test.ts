// The store that lives as long as the process, against what the contract asks of it.

import t from 'tap'
import { silentLogger, systemClock, systemRandom } from '../../src/ports.ts'
import { createMemoryStorage } from '../../src/storage/memory/storage.ts'
import { storageContract } from './contract.ts'

storageContract(
  t,
  'memory',
  async () => ({
    open: async () => createMemoryStorage({ stateDir: '', clock: systemClock, random: systemRandom, log: silentLogger }),
  }),
  { survives: false },
)
