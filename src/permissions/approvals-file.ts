// exec-approvals.json: what people said for good, by agent. People may edit it; a damaged file grants nothing and says why.

import { mkdir, readFile, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { messageOf } from '../errors.ts'
import type { RememberedGrants } from './port.ts'

export interface ApprovalsFile {
  /** An agent's own entries and everyone's. Reads the file again when it changed. Never throws: see `problem`. */
  rememberedFor(agentId: string): Promise<RememberedGrants>
  /** Adds grants to an agent's own list. @throws when the file is damaged or can't be written. */
  remember(agentId: string, grants: readonly string[]): Promise<void>
  /** What is wrong with the file, if anything. */
  problem(): Promise<string | undefined>
}

interface Lists {
  readonly allowed: readonly string[]
  readonly denied: readonly string[]
}
interface Contents {
  readonly everyone: Lists
  readonly agents: ReadonlyMap<string, Lists>
}

const NOTHING: Lists = { allowed: [], denied: [] }

export function createApprovalsFile(file: string): ApprovalsFile {
  let seen = ''
  let contents: Contents = { everyone: NOTHING, agents: new Map() }
  let problem: string | undefined
  let chain: Promise<unknown> = Promise.resolve()

  async function refresh(): Promise<void> {
    let mark: string
    try {
      const info = await stat(file)
      mark = `${info.mtimeMs}:${info.size}:${info.ino}`
    } catch (error) {
      mark = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'absent' : `error ${messageOf(error)}`
    }
    if (mark === seen) return
    try {
      contents = mark === 'absent' ? { everyone: NOTHING, agents: new Map() } : await parse(await readFile(file, 'utf8'))
      problem = undefined
    } catch (error) {
      contents = { everyone: NOTHING, agents: new Map() }
      problem = `The remembered approvals (${file}) can't be read: ${messageOf(error).replace(/\.?$/, '.')} Until that is fixed, nothing that needs them runs.`
    }
    seen = mark
  }

  return {
    async rememberedFor(agentId) {
      await refresh()
      const own = contents.agents.get(agentId) ?? NOTHING
      const merged = {
        allowed: [...contents.everyone.allowed, ...own.allowed],
        denied: [...contents.everyone.denied, ...own.denied],
      }
      return problem === undefined ? merged : { ...merged, problem }
    },
    remember(agentId, grants) {
      const task = chain.then(async () => {
        seen = ''
        await refresh()
        if (problem !== undefined) throw new Error(problem)
        const own = contents.agents.get(agentId) ?? NOTHING
        const agents = new Map(contents.agents)
        agents.set(agentId, { ...own, allowed: [...new Set([...own.allowed, ...grants])] })
        await mkdir(dirname(file), { recursive: true, mode: 0o700 })
        const { default: writeFileAtomic } = await import('write-file-atomic')
        const { everyone } = contents
        const text = {
          ...(everyone.allowed.length + everyone.denied.length === 0 ? {} : everyone),
          agents: Object.fromEntries(agents),
        }
        await writeFileAtomic(file, `${JSON.stringify(text, null, 2)}\n`, { mode: 0o600 })
        seen = ''
      })
      chain = task.catch(() => {})
      return task
    },
    async problem() {
      await refresh()
      return problem
    },
  }
}

/** @throws with a sentence when the text is not such a file. */
async function parse(text: string): Promise<Contents> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    const { default: json5 } = await import('json5')
    value = json5.parse(text)
  }
  if (!isRecord(value)) throw new Error('It must hold an object.')
  const agents = new Map<string, Lists>()
  if (Object.hasOwn(value, 'agents')) {
    if (!isRecord(value['agents'])) throw new Error('`agents` must hold an object.')
    for (const [id, lists] of Object.entries(value['agents'])) agents.set(id, listsOf(lists, `agents.${id}`))
  }
  return { everyone: listsOf(value, ''), agents }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function listsOf(value: unknown, where: string): Lists {
  if (!isRecord(value)) throw new Error(`\`${where}\` must hold an object.`)
  const list = (key: 'allowed' | 'denied'): readonly string[] => {
    const entries = Object.hasOwn(value, key) ? value[key] : []
    if (!Array.isArray(entries) || entries.some((entry) => typeof entry !== 'string'))
      throw new Error(`\`${where === '' ? key : `${where}.${key}`}\` must be a list of texts.`)
    return entries as string[]
  }
  return { allowed: list('allowed'), denied: list('denied') }
}
