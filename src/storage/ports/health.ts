// Whether what is stored can be relied on.

import type { StateError } from '../../errors.ts'

/** Whether what is stored can be relied on. */
export interface StorageHealth {
  /** Cached view, refreshed every few seconds: what fails, in words for the owner; null: nothing. */
  readonly cachedProblem: StateError | null
}
