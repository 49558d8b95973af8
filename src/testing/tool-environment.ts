// What tools stand in during a test: files and memory that live as long as the test, a shell that runs nothing, a network
// that reaches nothing. Verdicts are the real ones.

import { posix } from 'node:path'
import { capabilitiesOf } from '../engine/tools/capabilities.ts'
import type { CreateToolEnvironment, ToolEnvironment } from '../engine/tools/tool-environment.ts'
import { reachedScopes } from '../engine/turns/person.ts'
import { foldKey, NoteIndex } from '../memory/note-index.ts'
import { passagesOf } from '../memory/passages.ts'
import { rankPassages } from '../memory/ranking.ts'
import { type Scope, scopeText } from '../memory/scopes.ts'
import { memoryView, type ScopeView } from '../memory/store.ts'
import { engineFiles } from '../permissions/engine-files.ts'
import { GateError, type NetworkGate, type PathGate, type ShellRunner } from '../permissions/port.ts'
import type { Programs } from '../permissions/shell/programs.ts'
import type { AgentPlan } from '../plan/plan.ts'
import type { BrowserHost } from '../tools/browser/port.ts'
import type { ToolRunner } from '../tools/run.ts'

/** `onReady` gets the environment, for steps that judge a command without a turn. */
export function testToolEnvironment(runner: ToolRunner, onReady: (made: ToolEnvironment) => void): CreateToolEnvironment {
  return async (world) => {
    const grants = new Map<string, string[]>()
    const memory = new Map<string, ScopeView>()
    const notesOf = (scope: Scope): ScopeView => {
      const known = memory.get(scopeText(scope)) ?? testNotes(scope)
      memory.set(scopeText(scope), known)
      return known
    }
    const paths = new Map<string, PathGate>()
    const cwdOf = (agent: AgentPlan): string => agent.workspace[0]?.path ?? '/workspace'
    const pathsOf = (agent: AgentPlan): PathGate => {
      const known = paths.get(agent.id) ?? createFiles(cwdOf(agent))
      paths.set(agent.id, known)
      return known
    }
    const made: ToolEnvironment = {
      runner,
      audit: { append: async () => {}, retire: async () => {} },
      policyOf: async (plan, agent, bounded) => ({
        agent: { permissions: agent.permissions, sandbox: bounded.sandbox, workspace: bounded.workspace },
        remembered: { allowed: grants.get(agent.id) ?? [], denied: [] },
        // A test says the same on every machine: a sandbox is there only where no command runs without one.
        sandboxed: bounded.sandbox === 'required',
        protectedPaths: engineFiles(plan),
        cwd: cwdOf(bounded),
        programs: ANY_PROGRAM,
      }),
      cwdOf,
      pathsOf: ({ agent }) => pathsOf(agent),
      // The files of a test change by its own steps alone.
      bind: async () => ({}),
      changedSince: async () => [],
      capabilitiesOf: (turn, tool, idempotencyKey) =>
        capabilitiesOf(world, turn, tool, idempotencyKey, {
          paths: pathsOf(turn.agent),
          network: NO_NETWORK,
          shell: NO_SHELL,
          memory: memoryView(notesOf, reachedScopes(turn)),
          browser: NO_BROWSER,
        }),
      remember: async (agentId, added) => void grants.set(agentId, [...(grants.get(agentId) ?? []), ...added]),
      redact: (text) => text,
      close: async () => {},
    }
    onReady(made)
    return made
  }
}

/** Which programs a machine has is not what a test is about. */
const ANY_PROGRAM: Programs = { find: (name) => name }

const unreachable = async (): Promise<never> => {
  throw new GateError('Tests reach no network.')
}

const NO_NETWORK: NetworkGate = { check: unreachable, fetch: unreachable }

const NO_BROWSER: BrowserHost = {
  act: async ({ action }) => ({ content: `(a test opens no browser; it would have done: ${action})` }),
  close: async () => {},
}

const NO_SHELL: ShellRunner = {
  run: async (command) => ({
    output: `(a test runs no commands; this one would have run: ${command})`,
    exitCode: 0,
    timedOut: false,
    truncatedBytes: 0,
    sandboxed: false,
  }),
}

function createFiles(cwd: string): PathGate {
  const files = new Map<string, Buffer>()
  const inside = (path: unknown): string => {
    if (typeof path !== 'string' || path === '') throw new GateError('A path must be a text.')
    const full = posix.resolve(cwd, path)
    if (full !== cwd && !full.startsWith(`${cwd}/`)) throw new GateError(`${path} is outside the workspace.`)
    return full
  }
  const read = (path: unknown): Buffer => {
    const file = files.get(inside(path))
    if (file === undefined) throw new GateError(`There is no file ${String(path)}.`)
    return file
  }
  return {
    cwd,
    async readText(path) {
      const file = read(path)
      return { text: file.toString('utf8'), truncated: false, bytes: file.length }
    },
    async readBytes(path, { maxBytes }) {
      const file = read(path)
      if (file.length > maxBytes) throw new GateError(`The file is larger than ${maxBytes} bytes.`)
      return file
    },
    async writeText(path, content) {
      const full = inside(path)
      const created = !files.has(full)
      files.set(full, Buffer.from(content))
      return { path: full, bytes: Buffer.byteLength(content), created }
    },
    async writeNew(path, content) {
      const full = inside(path)
      if (files.has(full)) return null
      files.set(full, content)
      return { path: posix.relative(cwd, full), bytes: content.length }
    },
  }
}

/** The notes of one scope, which live as long as the test. */
function testNotes(scope: Scope): ScopeView {
  const index = new NoteIndex(':memory:')
  const notes = new Map<string, { readonly content: string; readonly outside: boolean }>()
  const name = scopeText(scope)
  const remove = (key: string): boolean => {
    index.change(() => index.remove(key))
    return notes.delete(key)
  }
  return {
    save(key, content, _by, head) {
      const replaced = notes.has(key)
      notes.set(key, { content, outside: head?.outside === true })
      const passages = passagesOf(content)
      index.change(() => index.put({ name: key, key, stamp: '', hash: new Uint8Array(0), at: 0, passages }))
      return { key, replaced }
    },
    search: (query, limit) =>
      rankPassages(index, query)
        .slice(0, limit)
        .flatMap(({ row, score }) => {
          const key = index.fileById(row.file)?.key ?? ''
          const note = notes.get(key)
          return note === undefined ? [] : [{ ...note, key, scope: name, score, file: key, line: row.line }]
        }),
    list: () => [...notes].map(([key, { content }]) => ({ key, scope: name, bytes: Buffer.byteLength(content), modified: 0 })),
    read: (key) => notes.get(key) ?? null,
    twinOf: (key) => [...notes.keys()].find((other) => other !== key && foldKey(other) === foldKey(key)),
    remove,
    erase: remove,
  }
}
