// What is known of a command's tool: whether these arguments are on its list, which files they name, what it would start.

import { lstatSync, statSync } from 'node:fs'
import type { PreparedCommand } from './prepare.ts'
import type { KnownUse } from './runners.ts'
import { judgeArguments } from './tables/index.ts'
import type { Judgement, Operand, Place } from './tables/port.ts'

export interface ToolUse {
  /** Why a grant with a star does not cover it. */
  readonly unlisted: string | undefined
  /** The files it uses; undefined: any of its words may name one. */
  readonly operands: readonly Operand[] | undefined
}

/** Builtins whose words are no files. */
const USE_NO_FILES = new Set(['echo', 'printf', 'pwd', 'true', 'false', 'type', 'kill'])

export function toolUseOf({ words, cwd }: PreparedCommand): ToolUse {
  const [first, ...args] = words
  const name = first?.text ?? ''
  if (USE_NO_FILES.has(name)) return { unlisted: undefined, operands: [] }
  const judgement = judgeArguments(name, args, placeAt(cwd))
  if (judgement === undefined) return { unlisted: unknownUse(args), operands: undefined }
  return judgement.ok ? { unlisted: undefined, operands: judgement.operands } : { unlisted: judgement.why, operands: undefined }
}

/** A tool without a list: its first word may be a sub-command, which a file's name must not choose. */
function unknownUse(args: PreparedCommand['words']): string | undefined {
  const first = args.find(({ text }) => !text.startsWith('-'))
  return first?.fromPattern === true && !first.text.includes('/')
    ? `The pattern \`${first.source.text}\` may stand for a sub-command; write \`./${first.source.text}\`.`
    : undefined
}

/** How a use of a tool, given as its words, is known. */
export function knownUseAt(cwd: string): KnownUse {
  const place = placeAt(cwd)
  return ([name = '', ...args]) => {
    const judgement: Judgement | undefined = judgeArguments(
      name,
      args.map((text) => ({ text, fromPattern: false })),
      place,
    )
    if (judgement === undefined) return undefined
    if (!judgement.ok) return 'not-listed'
    return judgement.runsProject ? 'runs-project' : 'starts-nothing'
  }
}

function placeAt(cwd: string): Place {
  const absolute = (path: string): string => (path.startsWith('/') ? path : `${cwd}/${path}`)
  return { cwd, isFolder: (path) => isFolder(absolute(path)), exists: (path) => exists(absolute(path)) }
}

const isFolder = (path: string): boolean => {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
  } catch {
    return false
  }
}

const exists = (path: string): boolean => {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined
  } catch {
    return false
  }
}
