// Answers of models, kept and given again: a request in, its recorded answer out, offline and byte for byte. A request is known by
// its hash, so that no prompt and no key is written; secrets in answers are blotted out.

import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ClawError, EXIT } from '../errors.ts'
import { ModelError, type ModelRequest, type ModelResult } from '../models/port.ts'
import { type Redact, redactDeep } from '../permissions/redact.ts'

interface Kept {
  readonly model: string
  /** Same requests in the order in which they were made. */
  readonly answers: readonly ModelResult[]
}

/** `scope` tells runs apart that may run at the same time: each has its own count of same requests. */
export interface Cassette {
  /** The answer on record, or that of `ask`, which is recorded. */
  answer(scope: string, service: string, request: ModelRequest, ask: () => Promise<ModelResult>): Promise<ModelResult>
}

/** `root`: the folder of the configuration, which differs from machine to machine. */
export function requestHash(
  scope: string,
  service: string,
  { signal: _, hasOther: __, ...request }: ModelRequest,
  root: string,
): string {
  const text = JSON.stringify([scope, service, request]).replaceAll(JSON.stringify(root).slice(1, -1), '.')
  return createHash('sha256').update(text).digest('hex').slice(0, 40)
}

const fileIn = (folder: string, hash: string): string => join(folder, `${hash}.json`)

export function recordingCassette(folder: string, root: string, redact: Redact): Cassette {
  const kept = new Map<string, ModelResult[]>()
  return {
    async answer(scope, service, request, ask) {
      const result = await ask()
      const hash = requestHash(scope, service, request, root)
      const answers = kept.get(hash) ?? []
      kept.set(hash, answers)
      answers.push(redactDeep(result, redact) as ModelResult)
      await mkdir(folder, { recursive: true })
      const value: Kept = { model: `${service}/${request.model}`, answers }
      await writeFile(fileIn(folder, hash), `${JSON.stringify(value, null, 1)}\n`)
      return result
    },
  }
}

export function replayingCassette(folder: string, root: string): Cassette {
  const known = new Map<string, Promise<Kept | null>>()
  const used = new Map<string, number>()
  const read = (hash: string): Promise<Kept | null> => {
    const found = known.get(hash) ?? readKept(fileIn(folder, hash))
    known.set(hash, found)
    return found
  }
  return {
    async answer(scope, service, request) {
      const hash = requestHash(scope, service, request, root)
      const kept = await read(hash)
      const at = used.get(hash) ?? 0
      used.set(hash, at + 1)
      const answer = kept?.answers[at]
      if (answer === undefined)
        throw new ModelError(
          'invalid',
          `The cassette ${folder} has no answer to this request of ${service}/${request.model}. Record it again.`,
        )
      return answer
    },
  }
}

async function readKept(file: string): Promise<Kept | null> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch {
    return null
  }
  try {
    return JSON.parse(text) as Kept
  } catch {
    throw new ClawError(`${file} is not a recording`, { exitCode: EXIT.invalid })
  }
}
