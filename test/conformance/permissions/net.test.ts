import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { createNetworkGate } from '../../../src/permissions/network.ts'
import { GateError } from '../../../src/permissions/port.ts'
import { cases, shown } from './cases.ts'

interface Case {
  readonly id: string
  readonly url: string
  readonly dns?: Record<string, string[]>
  readonly dns_second?: Record<string, string[]>
  readonly redirects?: string[]
  readonly local_addresses?: string[]
  readonly expect: 'allow' | 'deny'
  readonly why: string
  readonly contested?: boolean
}

/** Contested cases decided otherwise than the case says: none. */
const OTHERWISE = new Set<string>()

t.test('network cases', async (t) => {
  let redirects: string[] = []
  let reached = 0
  const server: Server = createServer((_, answer) => {
    reached++
    const next = redirects.shift()
    if (next === undefined) answer.writeHead(200, { 'content-type': 'text/plain' }).end('ok')
    else answer.writeHead(302, { location: next }).end()
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo

  for (const one of cases<Case>('net.jsonl')) {
    redirects = [...(one.redirects ?? [])]
    reached = 0
    const asked = new Map<string, number>()
    const dialed: string[] = []
    const gate = createNetworkGate({
      denyHosts: [],
      localAddresses: () => one.local_addresses ?? [],
      async resolve(host) {
        const times = asked.get(host) ?? 0
        asked.set(host, times + 1)
        const table = times > 0 && one.dns_second !== undefined ? one.dns_second : (one.dns ?? {})
        return table[host] ?? table[`${host}.`] ?? []
      },
      dial(address) {
        dialed.push(address)
        return { host: '127.0.0.1', port, secure: false }
      },
    })
    const expected = OTHERWISE.has(one.id) ? (one.expect === 'allow' ? 'deny' : 'allow') : one.expect
    const label = `${one.id} ${shown(one.url)}: ${one.why}`
    try {
      const page = await gate.fetch(one.url)
      t.equal('allow', expected, label)
      t.equal(page.body.toString(), 'ok')
    } catch (error) {
      t.ok(error instanceof GateError, `${one.id} is refused with a sentence: ${String(error)}`)
      t.equal('deny', expected, `${label}; said: ${String(error)}`)
    }
    t.notOk(
      [...asked.values()].some((times) => times > 1 && one.redirects === undefined),
      `${one.id} resolves once`,
    )
    if (one.redirects === undefined && expected === 'deny') t.equal(reached, 0, `${one.id} reaches nothing`)
    const known = Object.values(one.dns ?? {}).flat()
    if (known.length > 0)
      t.ok(
        dialed.every((address) => known.includes(address) || one.url.includes(address)),
        `${one.id} dials what was checked`,
      )
  }
})
