// What a request carries from the doors to its handler.

import type { HttpBindings } from '@hono/node-server'
import type { Rights } from './doors.ts'

export interface Env {
  Bindings: HttpBindings
  Variables: { rights: Rights }
}
