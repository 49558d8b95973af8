// claw memory list | show KEY | search TEXT | remove KEY: what agents remember, from the files under stateDir.

import { dirname, join, resolve } from 'node:path'
import { ClawError, EXIT } from '../errors.ts'
import { createMemoryStore } from '../memory/store.ts'
import { systemClock } from '../ports.ts'
import type { MemoryStore } from '../tools/port.ts'
import { type Io, type Options, paint, printJson, usage, type Verb } from './io.ts'

export const run: Verb = async (args, options, io) => {
  const [action = 'list', ...words] = args
  const subject = words.join(' ').trim()
  const store = createMemoryStore({ folder: join(await stateDirOf(options), 'memory'), clock: systemClock })
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

function missing(key: string, io: Io): number {
  io.err(`claw: nothing is remembered as "${key}"; claw memory list shows the keys\n`)
  return EXIT.noInput
}

/** `stateDir` of the root file. Only this key is read, so that memory can be looked at while the rest is being mended. */
async function stateDirOf(options: Options): Promise<string> {
  const { readFile } = await import('node:fs/promises')
  let text: string
  try {
    text = await readFile(options.config, 'utf8')
  } catch {
    throw new ClawError(`${options.config} cannot be read; name the file with -c`, { exitCode: EXIT.noInput })
  }
  const { parse } = await import('yaml')
  const found = readKey(parse, text)
  return resolve(dirname(options.config), found ?? '.openclaw')
}

function readKey(parse: (text: string) => unknown, text: string): string | undefined {
  let root: unknown
  try {
    root = parse(text)
  } catch (error) {
    throw new ClawError(`the configuration is not valid YAML: ${error instanceof Error ? error.message : String(error)}`, {
      exitCode: EXIT.invalid,
    })
  }
  const value = typeof root === 'object' && root !== null ? (root as Record<string, unknown>)['stateDir'] : undefined
  return typeof value === 'string' && value !== '' ? value : undefined
}
