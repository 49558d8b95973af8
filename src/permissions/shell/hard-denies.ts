// What no grant and no mode lifts by itself: protected names, kernel folders, metadata services, the engine's own files. A command
// or a text comes in; the protected thing it would touch, if any, leaves.

import { posix } from 'node:path'
import { contains, isEngines } from '../engine-files.ts'
import type { Entry } from '../folders.ts'
import { type FileUse, isAboveWorkspace, type UsePlace, useProblem } from '../operands.ts'
import { patternMeetsProtected, protectedComponent } from '../protected.ts'
import { settingsComponent } from '../tool-settings.ts'
import { widened } from './pattern.ts'
import type { PreparedCommand } from './prepare.ts'
import { ONLY_PRINTS } from './safe-list.ts'
import type { Operand } from './tables/port.ts'
import type { Word } from './words.ts'

/** `engine`: never through a tool. `secret`: a person may still say yes in mode `ask`, as to settings of tools. */
export interface HardDeny {
  readonly kind: 'secret' | 'engine'
  readonly reason: string
}

export interface EnginePlace {
  /** Absolute. */
  readonly cwd: string
  /** The engine's own files and folders, absolute. */
  readonly engine: readonly string[]
}

const KERNEL = /^\/(proc|sys|dev)(\/|$)/
/** Where clouds hand out keys to anyone who asks from inside, as it is commonly spelled. The web tools' gate knows all spellings. */
const METADATA =
  /(^|[^0-9.])(169\.254\.1(69|70)\.\d|0xa9fea9fe|2852039166|100\.100\.100\.200|168\.63\.129\.16)|metadata\.google\.internal|fd00:ec2::/i
const METADATA_HIT: HardDeny = { kind: 'secret', reason: 'It names a cloud’s metadata service, which hands out keys.' }
const WEB = /^(https?|git|ssh|ftps?|git\+ssh|git\+https):\/\//i
/** Options by which many programs write into the file that they name, or in its place. */
const WRITING_OPTION = /^(-[A-Za-z]*[ioO].*|--(in-place|output|output-document|output-dir|out|directory-prefix)(=.*)?)$/
/** What stands behind a redirection that writes. */
const REDIRECTED = /(?:^|[^<])>{1,2}[|&]?[ \t]*([^\s;&|<>()]+)/g
/** A longer word is no path. */
const MOST_PATH = 4096

/** How the words of a command are read. */
export interface Reading {
  readonly files: UsePlace
  readonly place: EnginePlace
  /** The files it uses, where its tool is known; undefined: any word may be one. */
  readonly operands: readonly Operand[] | undefined
  /** Its words may be the text of a program. */
  readonly code: boolean
}

/** The protected thing that a command would touch. */
export function hardDenyOf(command: PreparedCommand, reading: Reading): HardDeny | undefined {
  const { files, operands, code } = reading
  for (const { text } of command.reads) {
    const problem = hardProblem({ path: text, use: 'read' }, files)
    if (problem !== undefined) return problem
  }
  const name = command.words[0]?.text ?? ''
  const prints = ONLY_PRINTS.has(name)
  if (prints && !code) return undefined
  for (const word of command.words) if (word.entry?.ordinary !== true && METADATA.test(word.text)) return METADATA_HIT
  const aimed = operands === undefined || operands.length > 0 ? patternHit(command.source.words) : undefined
  if (aimed !== undefined) return aimed
  if (operands !== undefined && !code) {
    const entries = new Map(command.words.map((word) => [word.text, word.entry]))
    for (const operand of operands) {
      const problem = hardProblem(operand, files, entries.get(operand.path))
      if (problem !== undefined) return problem
    }
    return undefined
  }
  const writes = command.words.some(({ text }) => WRITING_OPTION.test(text))
  for (const [index, { text, entry }] of command.words.entries()) {
    if (code) {
      const hit = textPieces(text).map((piece) => pathHit(piece, true, reading.place))
      const first = hit.find((one) => one !== undefined)
      if (first !== undefined) return first
    }
    if (index === 0 && !text.includes('/')) continue
    for (const path of entry === undefined ? pathsOf(text) : [text]) {
      const problem = prints ? undefined : (anyUse(path, files, entry) ?? (writes ? settingsHit(path) : undefined))
      if (problem !== undefined) return problem
    }
  }
  return undefined
}

/** A file that might be read, or a folder around the workspace that might be written into. */
function anyUse(path: string, files: UsePlace, entry: Entry | undefined): HardDeny | undefined {
  const read = hardProblem({ path, use: 'read' }, files, entry)
  if (read !== undefined || entry !== undefined || !isAboveWorkspace(path, files)) return read
  const written = hardProblem({ path, use: 'write' }, files)
  return written === undefined ? undefined : { kind: 'secret', reason: written.reason }
}

/** What is wrong with a file wherever grants may lead. */
function hardProblem(use: FileUse, files: UsePlace, entry?: Entry): HardDeny | undefined {
  const problem = useProblem(use, files, entry)
  if (problem === undefined || problem.kind === 'outside') return undefined
  return { kind: problem.kind === 'engine' ? 'engine' : 'secret', reason: problem.reason }
}

/** Settings of a tool, named where something is written. */
function settingsHit(path: string): HardDeny | undefined {
  const name = settingsComponent(path.split('/').filter((part) => part !== '' && part !== '.'))
  if (name === undefined) return undefined
  return { kind: 'secret', reason: `\`${name}\` is never written by a tool: it would run later or change how a tool works.` }
}

/** A pattern aimed at a protected name, whatever it meets now. */
function patternHit(words: readonly Word[]): HardDeny | undefined {
  for (const { text, quoted, pattern } of words) {
    if (!pattern) continue
    let start = 0
    for (const part of text.split('/')) {
      const component = { text: part, quoted: quoted.subarray(start, start + part.length) }
      start += part.length + 1
      if (/[*?[]/.test(part) && patternMeetsProtected(widened(component)))
        return { kind: 'secret', reason: `The pattern \`${part}\` could match a protected name.` }
    }
  }
  return undefined
}

/** Pieces of a word that could be paths: itself, and where it is no prose, what stands behind an option's letters or a mark. */
function pathsOf(text: string): readonly string[] {
  if (text === '' || text.length > MOST_PATH || WEB.test(text)) return []
  if (/\s/.test(text)) return [text]
  const pieces = new Set(text.split(/[=:,@;|&<>(){}"'`]+/).filter((piece) => piece !== ''))
  const option = /^-([A-Za-z]{1,4})/.exec(text)
  if (option !== null) for (let i = 2; i <= 1 + (option[1]?.length ?? 0); i++) pieces.add(text.slice(i))
  else pieces.add(text)
  return [...pieces].filter((piece) => piece !== '' && !piece.startsWith('--'))
}

const textPieces = (text: string): readonly string[] => [...text.split(/[\s;&|<>(){},=:@`$"'\\]+/), text]

/** What one path, taken as it is written, runs into. */
function pathHit(path: string, patterns: boolean, place: EnginePlace): HardDeny | undefined {
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
function engineHit(path: string, place: EnginePlace): HardDeny | undefined {
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

/** The protected thing named in text that could not be parsed: quotes and backslashes dropped, every name looked at. */
export function hardDenyOfText(text: string, place: EnginePlace): HardDeny | undefined {
  const decoded = text.replace(/\\(x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{1,4}|U[0-9a-fA-F]{1,8}|[0-7]{1,3})/g, (_, code: string) => {
    const value = /^[xuU]/.test(code) ? Number.parseInt(code.slice(1), 16) : Number.parseInt(code, 8)
    return value > 0x10ffff ? '' : String.fromCodePoint(value)
  })
  for (const version of decoded === text ? [text] : [text, decoded]) {
    const flat = version.replace(/["'\\]/g, '')
    if (METADATA.test(flat)) return METADATA_HIT
    for (const [, target = ''] of flat.matchAll(REDIRECTED)) {
      const hit = settingsHit(target)
      if (hit !== undefined) return hit
    }
    for (const piece of flat.split(/[\s;&|<>(){},=:@`$]+/)) {
      const hit = pathHit(piece, true, place)
      if (hit !== undefined) return hit
    }
  }
  return undefined
}
