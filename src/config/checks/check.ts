// What a check is given.

import type { Diagnostic } from '../../errors.ts'
import type { Registry } from '../../registry.ts'
import type { ConfigDocument } from '../document.ts'
import type { Lookup } from '../interpolate.ts'
import type { Scope } from '../scope.ts'

export interface CheckInput {
  readonly doc: ConfigDocument
  readonly scope: Scope
  readonly registry: Registry
  readonly lookup: Lookup
  readonly requireSecrets: boolean
}

/** Must not throw on a document that does not fit the schema: what is not of the expected shape is passed over. */
export type Check = (input: CheckInput) => readonly Diagnostic[] | Promise<readonly Diagnostic[]>
