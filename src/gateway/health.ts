// Whether the process lives and whether it serves, for supervisors: the two paths that are open to all and asked before all.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Engine } from '../engine/port.ts'

export interface HealthDeps {
  readonly engine: Engine
  readonly isClosing: () => boolean
}

export const isHealth = ({ url = '', method }: IncomingMessage): boolean =>
  (method === 'GET' || method === 'HEAD') && /^\/(?:healthz|readyz)(?:\?|$)/.test(url)

/** `/healthz`: 200 while the process lives. `/readyz`: 503 while it stops or runs on what it should not run on. */
export async function answerHealth(request: IncomingMessage, response: ServerResponse, deps: HealthDeps): Promise<void> {
  const { status, body } = request.url?.startsWith('/healthz') ? { status: 200, body: { ok: true } } : await readiness(deps)
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' })
  response.end(request.method === 'HEAD' ? undefined : JSON.stringify(body))
}

async function readiness({ engine, isClosing }: HealthDeps): Promise<{ status: number; body: object }> {
  const { degraded, storage } = await engine.status()
  const ready = !isClosing() && degraded === undefined && storage === undefined
  // Open to all: that it is so, not why, which names a path.
  return {
    status: ready ? 200 : 503,
    body: { ready, ...(degraded === undefined ? {} : { degraded: true }), ...(storage === undefined ? {} : { storage: false }) },
  }
}
