// Who stopped what, in `<stateDir>/halts.json`: a file of its own, so that it can be read, and stops, when all else is broken.
// A record that can't be read stops everything until somebody resumes.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import writeFileAtomic from 'write-file-atomic'
import { messageOf } from '../../errors.ts'
import type { Logger } from '../../ports.ts'
import type { CachedHalts, HaltStore } from '../ports.ts'
import { storageFailure } from './failures.ts'

interface Halt {
  readonly by: string
  readonly at: number
}
/** The file: `all` stops everything. */
interface Halts {
  readonly all: Halt | null
  readonly agents: Readonly<Record<string, Halt>>
}

const NONE: Halts = { all: null, agents: {} }

/** `request`: named in the record by a program that is not the engine, until the engine has read it. */
export function createHalts(stateDir: string, log: Logger, request?: string): HaltStore {
  const file = haltsFile(stateDir)
  let halts = readHalts(file, log)
  const cached = {
    stopped: stoppedBy(halts),
    isAllStopped: halts.all !== null,
    list: () => [
      ...(halts.all === null ? [] : [halts.all]),
      ...Object.entries(halts.agents).map(([agentId, halt]) => ({ agentId, ...halt })),
    ],
  }
  let writing: Promise<void> = Promise.resolve()

  function change(next: Halts): void {
    halts = next
    cached.stopped = stoppedBy(next)
    cached.isAllStopped = next.all !== null
  }

  /** Stops count at once, even before they are stored; that something goes on counts when it is stored. */
  function store(next: Halts): Promise<void> {
    const text = `${JSON.stringify({ all: next.all, agents: next.agents, request })}\n`
    const write = writing.then(() => writeFileAtomic(file, text, { mode: 0o600 }))
    writing = write.catch(() => undefined)
    return write.catch((error: unknown) => {
      throw storageFailure(error, file)
    })
  }

  return {
    cached,
    async halt(agentId, by, at) {
      const halt = { by, at }
      change(agentId === undefined ? { ...halts, all: halt } : { ...halts, agents: { ...halts.agents, [agentId]: halt } })
      await store(halts)
    },
    async resume(agentId) {
      const { [agentId ?? '']: _, ...others } = halts.agents
      const next = agentId === undefined ? NONE : { ...halts, agents: others }
      await store(next)
      change(next)
    },
    async reread() {
      change(readHalts(file, log))
      return () => store(halts)
    },
  }
}

/** Whether the engine has not yet read a record that another program wrote. */
export function isRequestOpen(stateDir: string, request: string): boolean {
  try {
    return (JSON.parse(readFileSync(haltsFile(stateDir), 'utf8')) as { request?: unknown }).request === request
  } catch {
    return true
  }
}

const haltsFile = (stateDir: string): string => join(stateDir, 'halts.json')

const EVERY_AGENT: CachedHalts['stopped'] = { has: () => true }

const stoppedBy = ({ all, agents }: Halts): CachedHalts['stopped'] => (all === null ? new Set(Object.keys(agents)) : EVERY_AGENT)

function readHalts(file: string, log: Logger): Halts {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return NONE
    return unreadable(file, messageOf(error), log)
  }
  try {
    const value: unknown = JSON.parse(text)
    return isHalts(value) ? value : unreadable(file, 'it is not as claw writes it', log)
  } catch (error) {
    return unreadable(file, messageOf(error), log)
  }
}

function unreadable(file: string, why: string, log: Logger): Halts {
  log.error(
    { file, why },
    'the record of what is stopped cannot be read, so everything is stopped; `claw resume` writes a new one',
  )
  return { all: { by: 'an unreadable record', at: 0 }, agents: {} }
}

function isHalts(value: unknown): value is Halts {
  if (typeof value !== 'object' || value === null) return false
  const { all, agents } = value as Partial<Halts>
  const isHalt = (one: unknown): boolean =>
    typeof one === 'object' && one !== null && typeof (one as Halt).by === 'string' && Number.isFinite((one as Halt).at)
  return (
    (all === null || isHalt(all)) &&
    typeof agents === 'object' &&
    agents !== null &&
    !Array.isArray(agents) &&
    Object.values(agents).every(isHalt)
  )
}
