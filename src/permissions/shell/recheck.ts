// The second look, just before running: a name that was fine as text may be a link that leaves the workspace, and a pattern
// may meet a protected file. A grant lets a command leave the workspace, but lifts no floor: links and patterns of granted
// commands are followed to protected names too. What comes out is why the command must not run unasked, or undefined.

import { readdir, realpath } from 'node:fs/promises'
import { relative, resolve, sep } from 'node:path'
import { messageOf } from '../../errors.ts'
import type { Verdict } from '../port.ts'
import { globMatch, protectedComponent } from '../protected.ts'
import { engineHit, hitOfPath } from './floors.ts'
import { proseArguments } from './hazards/index.ts'
import { parseCommand, type SimpleCommand } from './parse.ts'
import { ONLY_PRINTS, READS_FILES } from './safe-list.ts'
import type { Word } from './words.ts'

export interface RecheckPlace {
  readonly cwd: string
  readonly roots: readonly string[]
  readonly protectedPaths: readonly string[]
}

const MOST_NAMES = 2000
/** A grant was given with large folders in mind. */
const MOST_GRANTED_NAMES = 10_000
const MOST_LENGTH = 1024

/** Resolves every file that a safe-list part (and any input redirection) would read, and those that others name. Never throws. */
export async function recheckCommand(verdict: Verdict, command: string, place: RecheckPlace): Promise<string | undefined> {
  const parsed = parseCommand(command)
  if (!parsed.ok) return undefined
  try {
    const roots: string[] = []
    for (const root of [place.cwd, ...place.roots]) roots.push(await realpath(root).catch(() => resolve(root)))
    const engine: string[] = []
    for (const own of place.protectedPaths) engine.push(await realpath(own).catch(() => resolve(own)))
    for (const [index, one] of parsed.commands.entries()) {
      const files: Word[] = one.stdin === undefined ? [] : [one.stdin]
      if (verdict.parts?.[index]?.by === 'safe') {
        if (READS_FILES.has(one.words[0]?.text ?? ''))
          files.push(...one.words.slice(1).filter((word) => !word.text.startsWith('-')))
      } else {
        for (const name of await namesMet(one, place.cwd)) {
          const problem = await floorMet(name, { cwd: place.cwd, roots, engine })
          if (problem !== undefined) return problem
        }
      }
      for (const word of files) {
        for (const name of await namesOf(word, place.cwd)) {
          const problem = await problemOf(name, { cwd: place.cwd, roots, engine })
          if (problem !== undefined) return problem
        }
      }
    }
    return undefined
  } catch (error) {
    return `The files of the command could not be looked at (${(error as { code?: string }).code ?? messageOf(error)}).`
  }
}

/** The files that a granted command names: what its patterns meet, and each word that is no option and no prose. */
async function namesMet(command: SimpleCommand, cwd: string): Promise<readonly string[]> {
  if (ONLY_PRINTS.has(command.words[0]?.text ?? '')) return []
  const prose = proseArguments(command.words)
  const names: string[] = []
  for (const [index, word] of command.words.entries()) {
    if (index === 0 || word.text.length > MOST_LENGTH || word.text.startsWith('-')) continue
    if (word.pattern) names.push(...(await namesOf(word, cwd, MOST_GRANTED_NAMES)))
    else if (!prose.has(index)) names.push(word.text)
  }
  return names
}

/** The floor that a name leads to on the disk; a name that is no file leads nowhere. */
async function floorMet(
  name: string,
  place: { cwd: string; roots: readonly string[]; engine: readonly string[] },
): Promise<string | undefined> {
  const real = await realpath(name.startsWith('/') ? name : `${place.cwd}/${name}`).catch(() => undefined)
  if (real === undefined || real === '/dev/null') return undefined
  const root = place.roots.find((folder) => inside(folder, real))
  const problem = (
    hitOfPath(root === undefined ? real : relative(root, real), false, { cwd: place.cwd, engine: [] }) ??
    engineHit(real, { cwd: place.roots[0] ?? place.cwd, engine: place.engine })
  )?.reason
  return problem === undefined ? undefined : `\`${name}\` leads to it: ${problem}`
}

const inside = (folder: string, path: string): boolean =>
  path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep)

async function problemOf(
  name: string,
  place: { cwd: string; roots: readonly string[]; engine: readonly string[] },
): Promise<string | undefined> {
  if (name === '/dev/null') return undefined
  if (name.startsWith('-')) return `The pattern met the file \`${name}\`, which would be an option.`
  let real: string
  try {
    real = await realpath(name.startsWith('/') ? name : `${place.cwd}/${name}`)
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT' || (error as { code?: string }).code === 'ENOTDIR') return undefined
    throw error
  }
  const root = place.roots.find((folder) => inside(folder, real))
  if (root === undefined) return `\`${name}\` is a link that leaves the workspace.`
  const met = protectedComponent(relative(root, real).split(sep))
  if (met !== undefined) return `\`${name}\` is \`${met}\`, a protected name.`
  return engineHit(real, { cwd: place.roots[0] ?? place.cwd, engine: place.engine })?.reason
}

/** Joined as the shell does, without folding `..` away: a link before it changes where it leads. */
const under = (base: string, part: string): string => (base === '' || base.endsWith('/') ? base + part : `${base}/${part}`)

/** The names a word stands for: itself, or what its pattern meets in the folders as they are now. */
export async function namesOf(word: Pick<Word, 'text' | 'pattern'>, cwd: string, most = MOST_NAMES): Promise<string[]> {
  if (!word.pattern) return [word.text]
  let found: string[] = [word.text.startsWith('/') ? '/' : '']
  const parts = word.text.split('/').filter((part) => part !== '')
  for (const part of parts) {
    const next: string[] = []
    for (const base of found) {
      if (!/[*?[]/.test(part)) {
        next.push(under(base, part))
        continue
      }
      const entries = await readdir(base.startsWith('/') ? base : `${cwd}/${base}`).catch(() => [] as string[])
      for (const entry of entries) {
        if (entry.startsWith('.') && !part.startsWith('.')) continue
        if (globMatch(part, entry)) next.push(under(base, entry))
      }
      if (next.length > most) throw new Error(`a pattern meets more than ${most} names`)
    }
    found = next
  }
  return found
}
