// Whether the state folder can be relied on: what failed last, until it works again, and whether it is still the folder that was
// opened. Failures of writes are noted as they come; every few seconds it looks for itself.

import { statfsSync } from 'node:fs'
import { rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { StateError } from '../../errors.ts'
import type { Clock, Logger } from '../../ports.ts'
import type { StorageHealth } from '../ports.ts'
import { diskFull, storageFailure } from './failures.ts'

const LOOK_MS = 10_000
/** Made and removed to see whether files can be written. */
const PROBE = '.probe'

/** Room that is kept for finishing what was accepted: so many bytes, or this share of a small disk. */
const RESERVE_BYTES = 16 * 1024 * 1024
const RESERVE_SHARE = 0.02
export const ROOM_MS = 1_000

/** Writes a file and removes it. @throws when it cannot */
async function probe(folder: string): Promise<void> {
  const path = join(folder, PROBE)
  await rm(path, { force: true })
  try {
    await writeFile(path, 'x', { mode: 0o600, flag: 'wx' })
  } finally {
    await rm(path, { force: true })
  }
}

interface Identity {
  readonly dev: number
  readonly ino: number
}

export class FolderHealth implements StorageHealth {
  readonly #stateDir: string
  readonly #clock: Clock
  readonly #log: Logger
  #opened: readonly Identity[] = []
  cachedProblem: StateError | null = null
  /** The folder or its database was moved, removed or replaced: nothing that is stored now would be found again. */
  gone: StateError | null = null
  /** Folders in which a write failed. */
  readonly #failed = new Set<string>()
  /** When it was looked last whether there is room; after ROOM_MS it is time to look again. */
  roomAt = Number.NEGATIVE_INFINITY
  #looking: Promise<void> | undefined
  #stopLooking = (): void => {}

  constructor(stateDir: string, { clock, log }: { readonly clock: Clock; readonly log: Logger }) {
    this.#stateDir = stateDir
    this.#clock = clock
    this.#log = log
  }

  async start(): Promise<void> {
    this.#opened = await this.#identities()
    this.#next()
  }

  /**
   * What stands against taking anything in: trouble that is known and still there, or a disk with less room than what is accepted may
   * need. At once where there is no trouble: messages of one chat must not overtake each other here.
   */
  refusal(): StateError | null | Promise<StateError | null> {
    if (this.gone !== null) return this.gone
    this.roomAt = this.#clock.now()
    if (this.cachedProblem !== null) return this.#lookOnce().then(() => this.cachedProblem)
    this.#noteRoom()
    return this.cachedProblem
  }

  /** One look for all who ask meanwhile. */
  async #lookOnce(): Promise<void> {
    this.#looking ??= this.look().finally(() => {
      this.#looking = undefined
    })
    await this.#looking
  }

  #noteRoom(): void {
    try {
      this.#lookForRoom()
    } catch (error) {
      this.note(error)
    }
  }

  /** Synchronous: a few microseconds, where a promise would make every message wait for a thread. */
  #lookForRoom(): void {
    for (const folder of [this.#stateDir, join(this.#stateDir, 'agents')]) {
      try {
        const { bavail, blocks, bsize } = statfsSync(folder)
        if (bavail * bsize < Math.min(RESERVE_BYTES, blocks * bsize * RESERVE_SHARE)) throw diskFull(folder)
      } catch (error) {
        // A folder that is not there yet is on the disk of the one above.
        if (error instanceof StateError) throw error
      }
    }
  }

  /** A write failed; `folder`: where, if not in the state folder itself. */
  note(error: unknown, folder?: string): void {
    if (folder !== undefined && error instanceof StateError) this.#failed.add(folder)
    if (!(error instanceof StateError) || this.gone !== null) return
    if (this.cachedProblem === null) this.#log.error({ error: error.message }, 'the state folder cannot be written')
    this.cachedProblem = error
  }

  stop(): void {
    this.#stopLooking()
  }

  #next(): void {
    this.#stopLooking = this.#clock.after(LOOK_MS, () => void this.look().finally(() => this.#next()))
  }

  /** Looks now. Never rejects. */
  async look(): Promise<void> {
    try {
      const now = await this.#identities()
      const isSame = this.#opened.every(({ dev, ino }, n) => now[n]?.dev === dev && now[n]?.ino === ino)
      if (!isSame) return this.#gone('was replaced')
    } catch {
      return this.#gone('is gone')
    }
    if (this.cachedProblem === null) return
    try {
      this.#lookForRoom()
      for (const folder of [this.#stateDir, ...this.#failed]) await probe(folder)
      this.#failed.clear()
      this.cachedProblem = null
      this.gone = null
      this.#log.info({}, 'the state folder can be written again')
    } catch (error) {
      this.note(storageFailure(error, this.#stateDir))
    }
  }

  #gone(what: string): void {
    if (this.gone !== null) return
    const message = `The state folder ${this.#stateDir} ${what} while the engine runs. Put it back, or restart the engine; until then nothing is taken in.`
    this.gone = new StateError(message, { isFull: false })
    this.cachedProblem = this.gone
    this.#log.error({}, message)
  }

  async #identities(): Promise<readonly Identity[]> {
    const paths = [this.#stateDir, join(this.#stateDir, 'state.db')]
    return await Promise.all(
      paths.map(async (path) => {
        const { dev, ino } = await stat(path)
        return { dev, ino }
      }),
    )
  }
}
