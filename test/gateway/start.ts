// Starts a gateway over the fake engine on a free port, and asks it things with exact headers.

import { request as httpRequest } from 'node:http'
import { type Gateway, startGateway } from '../../src/gateway/server.ts'
import type { GatewayPlan } from '../../src/plan/plan.ts'
import { silentLogger, systemClock } from '../../src/ports.ts'
import { createFakeEngine, type FakeEngine, fakePlan } from '../support/fake-engine.ts'

export const OWNER = 'owner-secret-of-this-start-0123456789'

export interface Reply {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly text: string
  json(): Record<string, never>
}

export interface Started {
  readonly engine: FakeEngine
  readonly gateway: Gateway
  /** With exactly these headers: unlike fetch, it may name any Host and Origin. */
  ask(method: string, path: string, options?: { headers?: Record<string, string>; body?: string }): Promise<Reply>
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Reply>
}

export async function started(
  t: { teardown(done: () => unknown): void },
  gatewayPlan: Partial<GatewayPlan> & { tokenText?: string } = {},
): Promise<Started> {
  const engine = createFakeEngine(fakePlan(gatewayPlan))
  const gateway = await startGateway({ engine, clock: systemClock, log: silentLogger, ownerSecret: OWNER })
  t.teardown(() => gateway.close({ graceMs: 100 }))
  const ask: Started['ask'] = (method, path, { headers = {}, body } = {}) =>
    new Promise((resolve, reject) => {
      const request = httpRequest({ host: '127.0.0.1', port: gateway.port, method, path, headers, agent: false }, (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (part: string) => {
          text += part
        })
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: () => JSON.parse(text) }),
        )
      })
      request.on('error', reject)
      request.end(body)
    })
  const post: Started['post'] = (path, body, headers = {}) =>
    ask('POST', path, { headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) })
  return { engine, gateway, ask, post }
}
