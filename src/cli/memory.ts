// claw memory list | show KEY | search TEXT | remove KEY: what agents remember, from the files under stateDir.

import { join } from 'node:path'
import { EXIT } from '../errors.ts'
import { createMemoryStore } from '../memory/store.ts'
import { systemClock } from '../ports.ts'
import type { MemoryStore } from '../tools/port.ts'
import { whereabouts } from './client.ts'
import { type Io, notFound, paint, printJson, usage, type Verb } from './io.ts'

export const run: Verb = async (args, options, io) => {
  const [action = 'list', ...words] = args
  const subject = words.join(' ').trim()
  const store = createMemoryStore({
    folder: join((await whereabouts(options, io)).stateDir, 'memory'),
    clock: systemClock,
    onProblem: (why) => io.err(`claw: ${why}\n`),
  })
  const json = options.format === 'json'
  switch (action) {
    case 'list':
      return list(store, json, io)
    case 'show':
      return subject === '' ? usage(io, 'say which: claw memory show KEY') : show(store, subject, json, io)
    case 'search':
      return subject === '' ? usage(io, 'say what for: claw memory search TEXT') : search(store, subject, json, io)
    case 'remove':
      return subject === '' ? usage(io, 'say which: claw memory remove KEY') : remove(store, subject, json, io)
    default:
      return usage(io, `memory has no "${action}"; it has list, show KEY, search TEXT and remove KEY`)
  }
}

async function list(store: MemoryStore, json: boolean, io: Io): Promise<number> {
  const notes = await store.list()
  if (json) {
    printJson(io, { memories: notes.map((note) => ({ ...note, modified: new Date(note.modified).toISOString() })) })
  } else if (notes.length === 0) {
    io.out('Nothing is remembered yet.\n')
  } else {
    const width = Math.max(...notes.map((note) => note.key.length))
    for (const { key, bytes, modified } of notes) {
      const day = new Date(modified).toISOString().slice(0, 16).replace('T', ' ')
      io.out(`${key.padEnd(width)}  ${paint(io, 'dim', `${day}  ${bytes} bytes`)}\n`)
    }
  }
  return EXIT.ok
}

async function show(store: MemoryStore, key: string, json: boolean, io: Io): Promise<number> {
  const content = await store.read(key)
  if (content === null) return missing(key, io)
  if (json) printJson(io, { key, content })
  else io.out(content.endsWith('\n') ? content : `${content}\n`)
  return EXIT.ok
}

async function search(store: MemoryStore, query: string, json: boolean, io: Io): Promise<number> {
  const results = await store.search(query, 20)
  if (json) printJson(io, { query, results })
  else if (results.length === 0) io.out('No memory matches.\n')
  else for (const { key, content } of results) io.out(`${paint(io, 'bold', key)}\n${content.trim().replaceAll(/^/gm, '  ')}\n\n`)
  return EXIT.ok
}

async function remove(store: MemoryStore, key: string, json: boolean, io: Io): Promise<number> {
  if (!(await store.remove(key))) return missing(key, io)
  if (json) printJson(io, { removed: key })
  else io.out(`Removed ${key}.\n`)
  return EXIT.ok
}

const missing = (key: string, io: Io): number =>
  notFound(io, `nothing is remembered as "${key}"; claw memory list shows the keys`)
