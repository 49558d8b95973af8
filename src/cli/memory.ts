// claw memory: what agents remember, from the files under stateDir, for the owner: every scope, or those of one person.

import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { EXIT, messageOf } from '../errors.ts'
import type { NoteInfo } from '../memory/scope-notes.ts'
import { type Scope, SHARED, scopesIn, scopeText } from '../memory/scopes.ts'
import { createMemory, type Memory, memoryView } from '../memory/store.ts'
import { personNamed, personScopes } from '../plan/memory-access.ts'
import type { Plan } from '../plan/plan.ts'
import { systemClock } from '../ports.ts'
import { whereabouts } from './client.ts'
import { notFound, type Options, paint, printJson, usage, type Verb, type VerbIo } from './io.ts'

const DEFAULT_LIMIT = 20
const ACTIONS =
  'list, show KEY, search TEXT, remove KEY, log, undo [ID], forget PERSON, export [FILE], import FILE.jsonl, rebuild and stats'

/** What every action works with. */
interface Context {
  readonly root: string
  readonly memory: Memory
  /** The scopes that are looked at: all of them, or those of one person. */
  readonly scopes: readonly Scope[]
  readonly plan: Plan | null
  readonly json: boolean
  readonly limit: number
  readonly io: VerbIo
}

type Action = (context: Context, subject: string) => Promise<number>

export const run: Verb = async (args, options, io) => {
  const [name = 'list', ...words] = args
  const action = ACTION_OF.get(name)
  if (action === undefined) return usage(io, `memory has no "${name}"; it has ${ACTIONS}`)
  const subject = words.join(' ').trim()
  const needed = NEEDED.get(name)
  if (needed !== undefined && subject === '' && options['stdin'] !== true) return usage(io, `say ${needed}`)
  const limit = options['limit'] === undefined ? DEFAULT_LIMIT : Number(options['limit'])
  if (!Number.isInteger(limit) || limit < 1) return usage(io, '--limit takes a whole number above zero')
  const { stateDir, plan } = await whereabouts(options, io)
  const root = join(stateDir, 'memory')
  const memory = createMemory({ folder: root, clock: systemClock, onProblem: (why) => io.err(`claw: ${why}\n`) })
  const context: Context = {
    root,
    memory,
    scopes: scopesFor(root, plan, options),
    plan,
    json: options.format === 'json',
    limit,
    io,
  }
  try {
    return await (name === 'search' && options['stdin'] === true ? searchLines(context) : action(context, subject))
  } finally {
    memory.close()
  }
}

/** What to say where the subject is missing. */
const NEEDED: ReadonlyMap<string, string> = new Map([
  ['show', 'which: claw memory show KEY'],
  ['search', 'what for: claw memory search TEXT'],
  ['remove', 'which: claw memory remove KEY'],
  ['forget', 'whom: claw memory forget PERSON'],
  ['import', 'from where: claw memory import FILE.jsonl'],
])

function scopesFor(root: string, plan: Plan | null, { person }: Options): readonly Scope[] {
  return typeof person === 'string' ? [personOf(plan, person), SHARED] : scopesIn(root)
}

const personOf = (plan: Plan | null, name: string): Scope => ({
  kind: 'person',
  name: plan === null ? name : personNamed(plan, name),
})

const list: Action = async ({ memory, scopes, json, io }) => {
  const notes = scopes.flatMap((scope) => memory.of(scope).list())
  if (json) {
    printJson(io, { memories: notes.map((note) => ({ ...note, modified: new Date(note.modified).toISOString() })) })
  } else if (notes.length === 0) {
    io.out('Nothing is remembered yet.\n')
  } else {
    const width = Math.max(...notes.map((note) => nameOf(note).length))
    for (const note of notes) {
      const day = new Date(note.modified).toISOString().slice(0, 16).replace('T', ' ')
      io.out(`${nameOf(note).padEnd(width)}  ${paint(io, 'dim', `${day}  ${note.bytes} bytes`)}\n`)
    }
  }
  return EXIT.ok
}

/** Notes that are not everyone's say whose they are. */
const nameOf = ({ key, scope }: Pick<NoteInfo, 'key' | 'scope'>): string => (scope === 'shared' ? key : `${key} (${scope})`)

const show: Action = async ({ memory, scopes, json, io }, key) => {
  for (const scope of scopes) {
    const note = memory.of(scope).read(key)
    if (note === null) continue
    const { content } = note
    if (json) printJson(io, { key, scope: scopeText(scope), content })
    else io.out(content.endsWith('\n') ? content : `${content}\n`)
    return EXIT.ok
  }
  return missing(key, io)
}

const search: Action = async ({ memory, scopes, json, limit, io }, query) => {
  const results = await memoryView(memory.of, { write: null, read: scopes }).search(query, limit)
  if (json) printJson(io, { query, results })
  else if (results.length === 0) io.out('No memory matches.\n')
  else for (const hit of results) io.out(`${paint(io, 'bold', nameOf(hit))}\n${hit.content.trim().replaceAll(/^/gm, '  ')}\n\n`)
  return EXIT.ok
}

/** A line of JSON in, one out. */
async function searchLines({ memory, scopes, plan, limit, io }: Context): Promise<number> {
  let failed = false
  for await (const line of createInterface({ input: io.stdin })) {
    if (line.trim() === '') continue
    try {
      const asked = readFields(line)
      const { query, person } = asked
      if (typeof query !== 'string') throw new Error('"query" must be a text')
      const read = typeof person === 'string' ? [personOf(plan, person), SHARED] : scopes
      const count = typeof asked['limit'] === 'number' ? asked['limit'] : limit
      const found = await memoryView(memory.of, { write: null, read }).search(query, count)
      const hits = found.map(({ key, score, file, line: at, scope }) => ({ key, score, file, line: at, scope }))
      io.out(`${JSON.stringify({ hits })}\n`)
    } catch (error) {
      failed = true
      io.out(`${JSON.stringify({ error: messageOf(error) })}\n`)
    }
  }
  return failed ? EXIT.invalid : EXIT.ok
}

function readFields(line: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(line)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('a line must be a JSON object')
  return value as Readonly<Record<string, unknown>>
}

const remove: Action = async ({ memory, scopes, json, io }, key) => {
  const scope = scopes.find((one) => memory.of(one).remove(key, 'owner'))
  if (scope === undefined) return missing(key, io)
  if (json) printJson(io, { removed: key, scope: scopeText(scope) })
  else io.out(`Removed ${key}. \`claw memory undo\` brings it back.\n`)
  return EXIT.ok
}

const log: Action = async (context) => {
  const changes = changesOf(context)
  if (context.json)
    printJson(context.io, { changes: changes.map(({ scope, change }) => ({ scope: scopeText(scope), ...change })) })
  else if (changes.length === 0) context.io.out('Nothing has been replaced or removed.\n')
  else
    for (const { scope, change } of changes.slice(-context.limit))
      context.io.out(
        `${change.id}  ${change.at.slice(0, 16).replace('T', ' ')}  ${change.action.padEnd(6)}  ${nameOf({ key: change.key, scope: scopeText(scope) })}  by ${change.by}\n`,
      )
  return EXIT.ok
}

/** Oldest first. */
const changesOf = ({ memory, scopes }: Context) =>
  scopes
    .flatMap((scope) =>
      memory
        .of(scope)
        .changes()
        .map((change) => ({ scope, change })),
    )
    .sort((a, b) => (a.change.at < b.change.at ? -1 : a.change.at > b.change.at ? 1 : 0))

const undo: Action = async (context, id) => {
  const { memory, io, json } = context
  const changes = changesOf(context)
  const found = id === '' ? changes.at(-1) : changes.find(({ change }) => change.id === id)
  if (found === undefined) {
    return notFound(io, id === '' ? 'there is nothing to undo' : `there is no change "${id}"; claw memory log shows them`)
  }
  const outcome = memory.of(found.scope).undo(found.change, 'owner')
  const { key } = found.change
  if (json) printJson(io, { undone: found.change.id, key, outcome })
  else io.out(outcome === 'restored' ? `${key} says again what it said before.\n` : `${key} is gone again.\n`)
  return EXIT.ok
}

const forget: Action = async ({ root, memory, plan, json, io }, person) => {
  const names = plan === null ? [person] : personScopes(plan, person)
  const known = scopesIn(root).filter((scope) => scope.kind === 'person' && names.includes(scope.name))
  if (known.length === 0) return notFound(io, `nothing is remembered of "${person}"`)
  const notes = known.reduce((sum, scope) => sum + memory.of(scope).list().length, 0)
  for (const scope of known) memory.of(scope).forget()
  if (json) printJson(io, { forgotten: person, notes })
  else io.out(`Forgot ${person}: ${notes} ${notes === 1 ? 'note' : 'notes'}, with all versions.\n`)
  return EXIT.ok
}

const exportAll: Action = async ({ memory, scopes, io }, file) => {
  const lines = scopes.flatMap((scope) =>
    memory
      .of(scope)
      .list()
      .filter(({ key }) => !key.startsWith('graph.json: '))
      .map(({ key, modified }) => {
        const content = memory.of(scope).read(key)?.content ?? ''
        const whose = scope.kind === 'shared' ? {} : { [scope.kind]: scope.name }
        return `${JSON.stringify({ key, content, ...whose, at: new Date(modified).toISOString() })}\n`
      }),
  )
  if (file === '') io.out(lines.join(''))
  else {
    const { default: writeFileAtomic } = await import('write-file-atomic')
    await writeFileAtomic(file, lines.join(''), { mode: 0o600 })
    io.out(`${lines.length} notes are in ${file}.\n`)
  }
  return EXIT.ok
}

interface Imported {
  readonly key: string
  readonly content: string
  readonly at?: number
}

/** All lines are read before anything is saved: one that is wrong leaves everything as it was. */
const importAll: Action = async ({ memory, plan, json, io }, file) => {
  const wanted = new Map<string, { readonly scope: Scope; readonly notes: Imported[] }>()
  const problems: string[] = []
  let number = 0
  for await (const line of createInterface({ input: createReadStream(file) })) {
    number += 1
    if (line.trim() === '') continue
    try {
      const { scope, note } = readImported(line, plan)
      const known = wanted.get(scopeText(scope))
      if (known === undefined) wanted.set(scopeText(scope), { scope, notes: [note] })
      else known.notes.push(note)
    } catch (error) {
      problems.push(`${file}:${number}: ${messageOf(error)}`)
    }
  }
  if (problems.length > 0) {
    io.err(`${problems.slice(0, 20).join('\n')}\nclaw: nothing was imported\n`)
    return EXIT.invalid
  }
  let count = 0
  for (const { scope, notes } of wanted.values()) count += memory.of(scope).saveAll(notes, 'import')
  if (json) printJson(io, { imported: count })
  else io.out(`Imported ${count} ${count === 1 ? 'note' : 'notes'}.\n`)
  return EXIT.ok
}

function readImported(line: string, plan: Plan | null): { scope: Scope; note: Imported } {
  const { key, content, person, agent, at } = readFields(line)
  if (typeof key !== 'string' || key.trim() === '') throw new Error('"key" must be a text')
  if (typeof content !== 'string') throw new Error('"content" must be a text')
  const time = at === undefined ? undefined : typeof at === 'number' ? at : Date.parse(String(at))
  if (time !== undefined && Number.isNaN(time)) throw new Error(`"at" is no time: ${String(at)}`)
  const note = { key, content, ...(time === undefined ? {} : { at: time }) }
  if (typeof person === 'string') return { scope: personOf(plan, person), note }
  return { scope: typeof agent === 'string' ? { kind: 'agent', name: agent } : SHARED, note }
}

const rebuild: Action = async ({ memory, scopes, json, io }) => {
  const started = performance.now()
  const notes = scopes.reduce((sum, scope) => sum + memory.of(scope).rebuild(), 0)
  const seconds = (performance.now() - started) / 1000
  if (json) printJson(io, { notes, seconds: Math.round(seconds * 1000) / 1000 })
  else io.out(`Indexed ${notes} notes in ${seconds.toFixed(1)} s.\n`)
  return EXIT.ok
}

const stats: Action = async ({ memory, scopes, json, io }) => {
  const rows = scopes.map((scope) => ({ scope: scopeText(scope), ...memory.of(scope).stats() }))
  if (json) printJson(io, { scopes: rows })
  else for (const row of rows) io.out(`${row.scope}: ${row.notes} notes, ${row.bytes} bytes; index ${row.indexBytes} bytes\n`)
  return EXIT.ok
}

const missing = (key: string, io: VerbIo): number =>
  notFound(io, `nothing is remembered as "${key}"; claw memory list shows the keys`)

const ACTION_OF: ReadonlyMap<string, Action> = new Map([
  ['list', list],
  ['show', show],
  ['search', search],
  ['remove', remove],
  ['log', log],
  ['undo', undo],
  ['forget', forget],
  ['export', exportAll],
  ['import', importAll],
  ['rebuild', rebuild],
  ['stats', stats],
])
