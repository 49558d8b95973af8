// What follows a swap in, done in order. The new configuration runs by then, so what fails is no reason to take it back: it is said,
// and tried again until it succeeds or another swap takes its place.

import { messageOf } from '../../errors.ts'
import type { Clock, Logger } from '../../ports.ts'

export interface SwapStep {
  /** In words, for people: what is not done while it fails. */
  readonly what: string
  run(): Promise<unknown>
}

const FIRST_RETRY_MS = 1_000
const LONGEST_RETRY_MS = 60_000

export class AfterSwap {
  readonly #clock: Clock
  readonly #log: Logger
  #cancel = (): void => {}
  #round = 0

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock
    this.#log = log
  }

  /** Every step is tried, whatever became of those before. Gives what failed, in words. Must not throw. */
  async run(steps: readonly SwapStep[]): Promise<readonly string[]> {
    this.stop()
    return await this.#attempt(steps, this.#round, FIRST_RETRY_MS)
  }

  /** What failed is left as it is. */
  stop(): void {
    this.#round++
    this.#cancel()
  }

  async #attempt(steps: readonly SwapStep[], round: number, wait: number): Promise<readonly string[]> {
    const failed: { step: SwapStep; why: string }[] = []
    for (const step of steps) {
      if (round !== this.#round) return []
      try {
        await step.run()
      } catch (error) {
        failed.push({ step, why: `${step.what}: ${messageOf(error)}` })
      }
    }
    if (failed.length === 0 || round !== this.#round) return []
    const why = failed.map((one) => one.why)
    this.#log.error({ failed: why, againInMs: wait }, 'the new configuration runs, and a part of what follows failed')
    const again = failed.map((one) => one.step)
    this.#cancel = this.#clock.after(wait, () => void this.#attempt(again, round, Math.min(LONGEST_RETRY_MS, wait * 2)))
    return why
  }
}
