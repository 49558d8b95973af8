// All checks beyond shape, in one list. Each is a small function from the document and the names in it to problems.

import type { Diagnostic } from '../../errors.ts'
import type { CheckInput } from './check.ts'

export async function runChecks(input: CheckInput): Promise<readonly Diagnostic[]> {
  return [] as Diagnostic[]
}
