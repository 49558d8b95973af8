// What a person approves is a command with the files it names as they are then: `bash ./x.sh` is no more than what x.sh holds.
// A command comes in, the files it names leave with a digest each; later, the first that has changed.

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { BoundFile } from '../port.ts'
import { Expansion } from './expand.ts'
import { baseName } from './names.ts'
import { parseCommand } from './parse.ts'

/** Larger files are known by size, time of change and number instead of their content. */
const MOST_BYTES = 1024 * 1024
const MOST_NAME = 1024
/** These take files as data and nothing else, so that a log may grow while a person thinks. */
const ONLY_DATA = new Set(
  `cat head tail wc ls grep egrep fgrep rg cut uniq sort diff cmp cp mv rm rmdir ln touch mkdir chmod chown stat file du df
  echo printf pwd date which whoami true false test basename dirname realpath readlink tree`.split(/\s+/),
)
const ABSENT = 'absent'
/** A pattern that meets too much to look at: what it stands for can't be promised. */
const UNKNOWN = 'unknown'

/** The files a command names, as they are now. Folders are not looked into. */
export async function bindFiles(command: string, cwd: string): Promise<readonly BoundFile[]> {
  const bound: BoundFile[] = []
  for (const { name, whole } of namesIn(command)) {
    const digest = await stateOf(name, cwd)
    // A word of a program's text that names nothing is hardly a file.
    if (digest !== undefined && (whole || digest !== ABSENT)) bound.push({ name, digest })
  }
  return bound
}

/** The first file that is not as it was; undefined: all are. */
export async function changedFile(bound: readonly BoundFile[], cwd: string): Promise<string | undefined> {
  for (const { name, digest } of bound) if (digest === UNKNOWN || (await stateOf(name, cwd)) !== digest) return name
  return undefined
}

/** Every word that could name a file. `whole`: it stands as a word of its own, or looks like a path. */
function namesIn(command: string): Iterable<{ readonly name: string; readonly whole: boolean }> {
  const found = new Map<string, boolean>()
  const add = (name: string, whole: boolean): void => {
    if (name !== '' && name.length <= MOST_NAME && !name.startsWith('-') && !name.includes('\0'))
      found.set(name, whole || found.get(name) === true)
  }
  const pieces = (text: string): void => {
    for (const piece of text.split(/[\s=:,;|&<>(){}"'`\\$]+/)) add(piece, piece.includes('/'))
  }
  const parsed = parseCommand(command)
  if (!parsed.ok) pieces(command)
  for (const { words, redirections } of parsed.ok ? parsed.commands : []) {
    const name = words[0]?.text ?? ''
    if (ONLY_DATA.has(name)) continue
    if (name.includes('/')) add(name, true)
    const read = redirections.flatMap((one) => ('reads' in one ? [one.reads] : []))
    for (const word of [...words.slice(1), ...read]) {
      add(word.text, baseName(word.text) !== '' && !/\s/.test(word.text))
      pieces(word.text)
    }
  }
  return [...found].map(([name, whole]) => ({ name, whole }))
}

/** Of one name, or of all that a pattern meets: one more or one less is a change too. */
async function stateOf(name: string, cwd: string): Promise<string | undefined> {
  if (!/[*?[]/.test(name)) return await digestOf(resolve(cwd, name))
  try {
    const met = namesMet(name, cwd)
    const states = await Promise.all(met.map(async (one) => `${one}\n${await digestOf(resolve(cwd, one))}`))
    return met.length === 0 ? ABSENT : createHash('sha256').update(states.join('\0')).digest('hex')
  } catch {
    return UNKNOWN
  }
}

/** In order; none where the pattern stays as it is. @throws NotUnderstood */
function namesMet(pattern: string, cwd: string): readonly string[] {
  const word = { text: pattern, quoted: new Uint8Array(pattern.length), bare: true, pattern: true, emptyQuotes: false }
  const names = new Expansion(homedir()).words(word, cwd).map(({ text }) => text)
  return names.length === 1 && names[0] === pattern ? [] : names
}

/** undefined: a folder, or something that has no content. */
async function digestOf(path: string): Promise<string | undefined> {
  try {
    const info = await stat(path, { bigint: true })
    if (!info.isFile()) return undefined
    if (info.size > MOST_BYTES) return `${info.size}:${info.ctimeNs}:${info.ino}`
    const hash = createHash('sha256')
    await pipeline(createReadStream(path), hash)
    return hash.digest('hex')
  } catch (error) {
    const { code } = error as { code?: string }
    return code === 'ENOENT' || code === 'ENOTDIR' ? ABSENT : (code ?? 'error')
  }
}
