// SQLite as the engine imports it is the one that fails.

import type { ResolveHook } from 'node:module'

export const resolve: ResolveHook = (specifier, context, next) => {
  const isWrapped = specifier === '@photostructure/sqlite' && context.parentURL?.endsWith('/fault-sqlite.js') !== true
  return next(isWrapped ? new URL('./fault-sqlite.js', import.meta.url).href : specifier, context)
}
