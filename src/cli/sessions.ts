// `claw sessions list | show KEY | export KEY | reset KEY | remove KEY`. Those that only read look at the files, so they work
// whether or not an engine runs.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { EXIT } from '../errors.ts'
import type { ContentBlock } from '../models/port.ts'
import type { Plan } from '../plan/plan.ts'
import { encodeKeyForFile, parseSessionKey, type SessionKeyParts } from '../plan/session-key.ts'
import { withStoredLinks } from '../plan/stored-links.ts'
import { readTranscript } from '../sessions/transcript.ts'
import { listSessions, transcriptPath } from '../storage/embedded/transcripts.ts'
import type { SessionInfo, TranscriptEntry } from '../storage/ports.ts'
import { connect, reach, unreachedError, whereabouts } from './client.ts'
import { type Io, notFound, type Options, paint, printJson, usage, type Verb, type VerbIo } from './io.ts'
import { minute, printable, printTable } from './table.ts'

export const run: Verb = async ([action = 'list', key], options, io) => {
  if (action === 'list') return await list(options, io)
  if (!['show', 'export', 'reset', 'remove'].includes(action)) {
    return usage(io, `sessions has no "${action}"; it has list, show KEY, export KEY, reset KEY and remove KEY`)
  }
  if (key === undefined) return usage(io, `say which: claw sessions ${action} KEY`)
  if (action === 'reset') {
    const client = await connect(options, io)
    await client.ask(`/api/sessions/${encodeURIComponent(key)}/reset`, {})
    if (options.format === 'json') printJson(io, { key, reset: true })
    else io.out(`${printable(key)} starts over with its next message\n`)
    return EXIT.ok
  }
  const { stateDir } = await whereabouts(options, io)
  if (action === 'remove') return await remove(key, stateDir, options, io)
  const session = (await listSessions(stateDir)).find((one) => one.key === key || one.key === encodeKeyForFile(key))
  if (session === undefined) {
    return notFound(io, `there is no session ${printable(key)}; claw sessions list names them`)
  }
  const entries = readTranscript(transcriptPath(stateDir, key, session.agentId))
  return action === 'show' ? await show(session, entries, options, io) : await exportLines(entries, io)
}

async function remove(key: string, stateDir: string, options: Options, io: VerbIo): Promise<number> {
  const reached = await reach(options.config, stateDir, io)
  if (reached.client !== null) await reached.client.ask(`/api/sessions/${encodeURIComponent(key)}/remove`, {})
  else if (reached.unreached.why !== 'not-running') throw unreachedError(reached.unreached, stateDir)
  else if (!(await removeStored(key, stateDir))) {
    return notFound(io, `there is no session ${printable(key)}; claw sessions list names them`)
  }
  if (options.format === 'json') printJson(io, { key, removed: true })
  else io.out(`${printable(key)} is removed\n`)
  return EXIT.ok
}

/** Where no engine runs. False: there is no such session. */
async function removeStored(key: string, stateDir: string): Promise<boolean> {
  if (!existsSync(join(stateDir, 'state.db'))) return false
  const [{ withStorage }, { createAudit }] = await Promise.all([
    import('../storage/embedded/upkeep.ts'),
    import('../permissions/audit.ts'),
  ])
  return await withStorage(stateDir, async ({ transcripts }) => {
    const session = (await transcripts.list()).find((one) => one.key === key)
    if (session === undefined) return false
    await transcripts.remove(key, session.agentId)
    const audit = createAudit(join(stateDir, 'audit.jsonl'))
    await audit.append({ kind: 'session_removed', session: key, agentId: session.agentId, by: 'owner' })
    await audit.close()
    return true
  })
}

async function list(options: Options, io: VerbIo): Promise<number> {
  const { agent, user, group } = options
  if (typeof group === 'string' && !/^[^:]+:./.test(group)) return usage(io, `--group is CHANNEL:ID, not "${printable(group)}"`)
  const { stateDir, plan } = await whereabouts(options, io)
  const all = await listSessions(stateDir, typeof agent === 'string' ? agent : undefined)
  const fits = [
    typeof user === 'string' ? ofUser(user, plan === null ? null : await linked(plan, stateDir)) : () => true,
    typeof group === 'string' ? ofGroup(group) : () => true,
  ]
  const sessions = all.filter(({ key }) => {
    const parts = parseSessionKey(key)
    return fits.every((fit) => fit(parts))
  })
  if (options.format === 'json') {
    printJson(io, { sessions: sessions.map((one) => ({ ...one, modified: new Date(one.modified).toISOString() })) })
  } else if (sessions.length === 0) io.out('no sessions\n')
  else
    printTable(
      io,
      ['session', 'agent', 'last used', 'bytes'],
      sessions.map((one) => [one.key, one.agentId, minute(one.modified), String(one.bytes)]),
    )
  return EXIT.ok
}

/** With what people linked by a code: the engine's keys know it too. */
async function linked(plan: Plan, stateDir: string): Promise<Plan> {
  const { readStoredLinks } = await import('../storage/embedded/read-outside.ts')
  return withStoredLinks(plan, readStoredLinks(stateDir))
}

type Fit = (parts: SessionKeyParts | null) => boolean

/** `user`: a link, an identity (`channel:id`), or an id on any channel. A person's sessions are those of all their identities. */
function ofUser(user: string, plan: Plan | null): Fit {
  const link = plan?.links.find((one) => one.name === user || one.identities.includes(user))
  const identities = new Set([user, ...(link?.identities ?? [])])
  return (parts) => {
    if (parts?.kind === 'link') return parts.link === (link?.name ?? user)
    if ((parts?.kind !== 'direct' && parts?.kind !== 'group') || parts.userId === null) return false
    return identities.has(`${parts.channelId}:${parts.userId}`) || parts.userId === user
  }
}

/** `group`: `channel:id`. */
function ofGroup(group: string): Fit {
  return (parts) => parts?.kind === 'group' && `${parts.channelId}:${parts.groupId}` === group
}

async function show(session: SessionInfo, entries: AsyncIterable<TranscriptEntry>, options: Options, io: Io): Promise<number> {
  if (options.format === 'json') {
    const all: TranscriptEntry[] = []
    for await (const entry of entries) all.push(entry)
    printJson(io, { key: session.key, agentId: session.agentId, entries: all })
    return EXIT.ok
  }
  for await (const entry of entries) {
    const who = entry.kind ?? (entry.role === 'user' ? (entry.userId ?? 'user') : entry.role)
    io.out(`${paint(io, 'cyan', printable(who))} ${paint(io, 'dim', minute(entry.timestamp))}\n`)
    for (const line of words(entry.content).split('\n')) io.out(`  ${printable(line)}`.trimEnd().concat('\n'))
  }
  return EXIT.ok
}

function words(content: string | readonly ContentBlock[]): string {
  if (typeof content === 'string') return content
  return content.map(wordsOf).filter(Boolean).join('\n')
}

function wordsOf(block: ContentBlock): string {
  switch (block.type) {
    case 'text':
      return block.text
    case 'tool_use':
      return `[uses ${block.name} ${JSON.stringify(block.input)}]`
    case 'tool_result':
      return `[${block.is_error ? 'failed' : 'result'}] ${words(block.content)}`
    case 'image':
    case 'document':
      return `[${block.type}${block.title === undefined ? '' : ` ${block.title}`}]`
    default:
      return ''
  }
}

/** The transcript as JSON lines, whatever store it came from. */
async function exportLines(entries: AsyncIterable<TranscriptEntry>, io: Io): Promise<number> {
  for await (const entry of entries) io.out(`${JSON.stringify(entry)}\n`)
  return EXIT.ok
}
