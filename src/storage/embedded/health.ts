// Whether the state folder can be relied on: what failed last, until it works again, and whether it is still the folder that was
// opened. Failures of writes are noted as they come; every few seconds it looks for itself.

import { stat, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { StateError } from '../../errors.ts'
import type { Clock, Logger } from '../../ports.ts'
import type { StorageHealth } from '../ports.ts'
import { storageFailure } from './failures.ts'

const LOOK_MS = 10_000
/** Made and removed to see whether files can be written. */
const PROBE = '.probe'

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

  /** A write failed. */
  note(error: unknown): void {
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
    const probe = join(this.#stateDir, PROBE)
    try {
      await writeFile(probe, 'x', { mode: 0o600 })
      await unlink(probe)
      this.cachedProblem = null
      this.gone = null
      this.#log.info({}, 'the state folder can be written again')
    } catch (error) {
      await unlink(probe).catch(() => {})
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
