// Floors: what no grant, tier or mode lifts by itself. Words of a command come in; the protected thing they name, if any, leaves.

import { posix } from 'node:path'
import { contains, isEngines } from '../engine-files.ts'
import { patternMeetsProtected, protectedComponent } from '../protected.ts'
import type { Word } from './words.ts'

/** `engine`: the engine's own files, never through a tool. `secret`: a person may still say yes in mode `ask`. */
export interface FloorHit {
  readonly kind: 'secret' | 'engine'
  readonly reason: string
}

const KERNEL = /^\/(proc|sys|dev)(\/|$)/
/** Where clouds hand out keys to whoever asks from inside, as it is commonly spelled. The web tools' gate knows all spellings. */
const METADATA =
  /(^|[^0-9.])(169\.254\.1(69|70)\.\d|0xa9fea9fe|2852039166|100\.100\.100\.200|168\.63\.129\.16)|metadata\.google\.internal|fd00:ec2::/i
const METADATA_HIT: FloorHit = { kind: 'secret', reason: 'It names a cloud’s metadata service, which hands out keys.' }
const WEB = /^(https?|git|ssh|ftps?|git\+ssh|git\+https):\/\//i

/** Pieces of a word that could be paths: after `=`, `:`, `,`, `@`, and after the letters of a short option. */
function pathsIn(text: string): string[] {
  const pieces = text.split(/[=:,@;|&<>(){}"'`\s]+/)
  pieces.push(text)
  const option = /^-([A-Za-z]{1,4})/.exec(text)
  if (option !== null) for (let i = 2; i <= 1 + (option[1]?.length ?? 0); i++) pieces.push(text.slice(i))
  return pieces
}

/** The floor that one path runs into, taken as it is written. */
export function hitOfPath(
  path: string,
  patterns: boolean,
  place: { cwd: string; engine: readonly string[] },
): FloorHit | undefined {
  if (path === '' || path === '/dev/null') return undefined
  const absolute = path.startsWith('/') ? posix.normalize(path).replace(/^\/+/, '/') : undefined
  if (absolute !== undefined && absolute !== '/dev/null' && KERNEL.test(absolute))
    return { kind: 'secret', reason: `\`${path}\` lies in a kernel folder (/proc, /sys or /dev).` }
  const components = path.split('/').filter((part) => part !== '' && part !== '.')
  const name = protectedComponent(components)
  if (name !== undefined) return { kind: 'secret', reason: `\`${name}\` is a protected name: it may hold keys or credentials.` }
  if (patterns && /[*?[]/.test(path)) {
    const met = components.find((part) => /[*?[]/.test(part) && patternMeetsProtected(part))
    if (met !== undefined) return { kind: 'secret', reason: `The pattern \`${met}\` could match a protected name.` }
  }
  return place.engine.length === 0 ? undefined : engineHit(path, place)
}

/** Whether a path is one of the engine's own, or lies under one; the working folder itself may lie inside the state folder. */
export function engineHit(path: string, place: { cwd: string; engine: readonly string[] }): FloorHit | undefined {
  const full = posix.resolve(place.cwd, path)
  for (const own of place.engine) {
    if (isEngines(own, full) && !(contains(own, place.cwd) && contains(place.cwd, full)))
      return {
        kind: 'engine',
        reason: `\`${path}\` belongs to the engine: its settings, grants and state are out of reach of tools.`,
      }
  }
  return undefined
}

/** The floor a word runs into. `code`: the word is a program's text, so look at every name in it. */
export function floorOfWord(word: Word, place: { cwd: string; engine: readonly string[] }, code: boolean): FloorHit | undefined {
  if (METADATA.test(word.text)) return METADATA_HIT
  if (!code && WEB.test(word.text)) return undefined
  const unquotedPattern = word.pattern || code
  for (const piece of code ? pathsIn(word.text) : pathsOf(word.text)) {
    const hit = hitOfPath(piece, unquotedPattern, place)
    if (hit !== undefined) return hit
  }
  return undefined
}

/** Like `pathsIn`, but a word that holds a blank is prose unless it is a path as a whole. */
function pathsOf(text: string): string[] {
  return /\s/.test(text) ? [text] : pathsIn(text)
}

/** The floor that text runs into which could not be parsed: quotes and backslashes dropped, every name looked at. */
export function floorOfText(text: string, place: { cwd: string; engine: readonly string[] }): FloorHit | undefined {
  const decoded = text.replace(/\\(x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{1,4}|U[0-9a-fA-F]{1,8}|[0-7]{1,3})/g, (_, code: string) => {
    const value = /^[xuU]/.test(code) ? Number.parseInt(code.slice(1), 16) : Number.parseInt(code, 8)
    return value > 0x10ffff ? '' : String.fromCodePoint(value)
  })
  for (const version of decoded === text ? [text] : [text, decoded]) {
    const flat = version.replace(/["'\\]/g, '')
    if (METADATA.test(flat)) return METADATA_HIT
    for (const piece of flat.split(/[\s;&|<>(){},=:@`$]+/)) {
      const hit = hitOfPath(piece, true, place)
      if (hit !== undefined) return hit
    }
  }
  return undefined
}
