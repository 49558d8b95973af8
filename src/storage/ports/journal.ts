// Steps of runs that are made once.

/** Steps of runs: a finished one is not made again. */
export interface StepJournal {
  /**
   * Returns the stored result when the run's step `name` was finished, else makes it and stores it. `retry: 'never'` with an
   * earlier start and no end throws StepUnknown: it may or may not have happened.
   */
  step<T>(run: string, name: string, make: (idempotencyKey: string) => Promise<T>, retry?: 'always' | 'never'): Promise<T>
  /** Whether `step` would no longer make it: it was finished, or begun as one that is made once. */
  has(run: string, name: string): Promise<boolean>
}

export class StepUnknown extends Error {
  constructor(name: string) {
    super(`Step ${name} was begun by an earlier process and its end was not seen.`)
    this.name = 'StepUnknown'
  }
}
