// What a request carries from authentication to its handler.

import type { HttpBindings } from '@hono/node-server'
import type { Rights } from './auth.ts'

export interface Env {
  Bindings: HttpBindings
  Variables: { rights: Rights }
}
