// `claw approvals list | allow ID | always ID | deny ID`: questions that wait for a person.

import type { ApprovalView } from '../agent/events.ts'
import { EXIT } from '../errors.ts'
import { type Client, connect } from './client.ts'
import { type Io, paint, printJson, usage, type Verb } from './io.ts'
import { minute, printable } from './table.ts'

const DECISIONS: Readonly<Record<string, 'once' | 'always' | 'deny'>> = { allow: 'once', always: 'always', deny: 'deny' }

export const run: Verb = async ([action = 'list', id], options, io) => {
  const decision = Object.hasOwn(DECISIONS, action) ? DECISIONS[action] : undefined
  const json = options.format === 'json'
  if (action === 'list') return await list(await connect(options, io), json, io)
  if (decision === undefined) return usage(io, `approvals has no "${action}"; it has list, allow ID, always ID and deny ID`)
  if (id === undefined) return usage(io, `say which: claw approvals ${action} ID`)
  const client = await connect(options, io)
  const result = await client.ask<{ message: string }>(`/api/approvals/${encodeURIComponent(id)}`, { decision })
  if (json) printJson(io, { id, decision, message: result.message })
  else io.out(`${result.message}\n`)
  return EXIT.ok
}

async function list(client: Client, json: boolean, io: Io): Promise<number> {
  const { approvals } = await client.ask<{ approvals: readonly ApprovalView[] }>('/api/approvals')
  if (json) {
    const iso = (at: number): string => new Date(at).toISOString()
    printJson(io, {
      approvals: approvals.map((one) => ({ ...one, createdAt: iso(one.createdAt), expiresAt: iso(one.expiresAt) })),
    })
  } else if (approvals.length === 0) io.out('nothing waits for an answer\n')
  for (const one of json ? [] : approvals) {
    io.out(`${paint(io, 'bold', one.id)}  ${one.agentId} wants to use ${one.toolName}, open until ${minute(one.expiresAt)}\n`)
    for (const line of one.text.split('\n')) io.out(`    ${printable(line)}\n`)
    const who = one.requestedBy === undefined ? '' : `, asked by ${printable(one.requestedBy)}`
    io.out(paint(io, 'dim', `    ${printable(one.reason)}, in ${one.cwd}${who}\n`))
  }
  return EXIT.ok
}
