// The routes as a listener for Node's server; with their library, in a module that loads at the first request that needs it.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { type AppDeps, createApp } from './app.ts'
import { createPage } from './page.ts'
import type { Env } from './types.ts'

export type Listener = (request: IncomingMessage, response: ServerResponse) => Promise<void>

export function createListener(deps: Omit<AppDeps, 'page'>): Listener {
  const app = createApp({ ...deps, page: createPage() })
  return getRequestListener((request, env) => app.fetch(request, env as Env['Bindings']), { overrideGlobalObjects: false })
}
